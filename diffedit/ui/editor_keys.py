"""Which key does what in the text. Keys that are not here go on to the app. Data only."""

from __future__ import annotations

from textual.binding import Binding

_TABLE: tuple[tuple[str, str, str], ...] = (
    # Move
    ("up", "cursor_up", "Up"),
    ("down", "cursor_down", "Down"),
    ("left", "cursor_left", "Left"),
    ("right", "cursor_right", "Right"),
    ("ctrl+left,alt+b", "cursor_word_left", "Word left"),
    ("ctrl+right,alt+f", "cursor_word_right", "Word right"),
    ("home", "cursor_line_start", "Start of the line"),
    ("end,ctrl+e", "cursor_line_end", "End of the line"),
    ("pageup", "cursor_page_up", "Page up"),
    ("pagedown", "cursor_page_down", "Page down"),
    ("ctrl+home,alt+less_than_sign", "cursor_text_start", "Start of the text"),
    ("ctrl+end,alt+greater_than_sign", "cursor_text_end", "End of the text"),
    ("ctrl+up", "scroll_lines(-1)", "Scroll up"),
    ("ctrl+down", "scroll_lines(1)", "Scroll down"),
    # Select
    ("shift+up", "cursor_up(True)", "Select up"),
    ("shift+down", "cursor_down(True)", "Select down"),
    ("shift+left", "cursor_left(True)", "Select left"),
    ("shift+right", "cursor_right(True)", "Select right"),
    ("ctrl+shift+left", "cursor_word_left(True)", "Select word left"),
    ("ctrl+shift+right", "cursor_word_right(True)", "Select word right"),
    ("shift+home", "cursor_line_start(True)", "Select to the start of the line"),
    ("shift+end", "cursor_line_end(True)", "Select to the end of the line"),
    ("shift+pageup", "cursor_page_up(True)", "Select page up"),
    ("shift+pagedown", "cursor_page_down(True)", "Select page down"),
    ("ctrl+shift+home", "cursor_text_start(True)", "Select to the start of the text"),
    ("ctrl+shift+end", "cursor_text_end(True)", "Select to the end of the text"),
    ("ctrl+a", "select_all", "Select all"),
    ("ctrl+l", "select_line", "Select the line"),
    ("alt+a", "select_block", "Select the block"),
    # Type
    ("enter", "newline", "New line"),
    ("tab", "indent", "Indent"),
    ("shift+tab", "outdent", "Outdent"),
    ("backspace", "delete_left", "Delete left"),
    ("delete", "delete_right", "Delete right"),
    ("ctrl+w,ctrl+backspace,alt+backspace", "delete_word_left", "Delete word left"),
    ("ctrl+delete,alt+delete,alt+d", "delete_word_right", "Delete word right"),
    ("ctrl+u", "delete_to_start_of_line", "Delete to the start of the line"),
    ("ctrl+shift+k,alt+k", "delete_line", "Delete the line"),
    ("alt+up", "move_lines(-1)", "Move the line up"),
    ("alt+down", "move_lines(1)", "Move the line down"),
    ("ctrl+d", "duplicate_lines", "Duplicate the line"),
    ("alt+j", "join_lines", "Join lines"),
    ("ctrl+underscore,ctrl+slash", "toggle_comment", "Comment or uncomment"),
    # Clipboard and history
    ("ctrl+x,super+x,shift+delete", "cut", "Cut"),
    ("ctrl+c,super+c,ctrl+insert", "copy", "Copy"),
    ("ctrl+v,super+v,shift+insert", "paste", "Paste"),
    ("ctrl+z,super+z", "undo", "Undo"),
    ("ctrl+y,ctrl+shift+z,super+shift+z", "redo", "Redo"),
)
"""Keys, the action, and what it is called. Every action has a key that any terminal can send."""


def editor_bindings() -> list[Binding]:
    """The table as Textual takes it; each has an id, so that a person may put it on other keys."""
    return [
        Binding(keys, action, title, show=False, id=f"editor.{_id(action)}")
        for keys, action, title in _TABLE
    ]


def _id(action: str) -> str:
    """`cursor_up(True)` as `cursor_up.True`."""
    return action.replace("(", ".").replace(")", "")
