"""Which key does what in the text. Keys that are not here go on to the app. Data only."""

from __future__ import annotations

import re

from textual.binding import Binding

_TABLE: tuple[tuple[str, str, str], ...] = (
    # Move
    ("up", "go('up')", "Up"),
    ("down", "go('down')", "Down"),
    ("left", "go('left')", "Left"),
    ("right", "go('right')", "Right"),
    ("ctrl+left,alt+b", "go('word_left')", "Word left"),
    ("ctrl+right,alt+f", "go('word_right')", "Word right"),
    ("home", "go('line_start')", "Start of the line"),
    ("end,ctrl+e", "go('line_end')", "End of the line"),
    ("pageup", "go('page_up')", "Page up"),
    ("pagedown", "go('page_down')", "Page down"),
    ("ctrl+home,alt+less_than_sign", "go('text_start')", "Start of the text"),
    ("ctrl+end,alt+greater_than_sign", "go('text_end')", "End of the text"),
    ("ctrl+right_square_bracket", "to_bracket", "To the other bracket"),
    ("ctrl+up", "scroll_lines(-1)", "Scroll up"),
    ("ctrl+down", "scroll_lines(1)", "Scroll down"),
    # Select
    ("shift+up", "go('up', True)", "Select up"),
    ("shift+down", "go('down', True)", "Select down"),
    ("shift+left", "go('left', True)", "Select left"),
    ("shift+right", "go('right', True)", "Select right"),
    ("ctrl+shift+left", "go('word_left', True)", "Select word left"),
    ("ctrl+shift+right", "go('word_right', True)", "Select word right"),
    ("shift+home", "go('line_start', True)", "Select to the start of the line"),
    ("shift+end", "go('line_end', True)", "Select to the end of the line"),
    ("shift+pageup", "go('page_up', True)", "Select page up"),
    ("shift+pagedown", "go('page_down', True)", "Select page down"),
    ("ctrl+shift+home", "go('text_start', True)", "Select to the start of the text"),
    ("ctrl+shift+end", "go('text_end', True)", "Select to the end of the text"),
    ("ctrl+a", "select_all", "Select all"),
    ("ctrl+l", "select_line", "Select the line"),
    ("alt+a", "select_block", "Select the block"),
    ("alt+e,alt+shift+right", "grow", "Select more: word, string, brackets, block"),
    ("alt+i,alt+shift+left", "shrink", "Select less again"),
    ("alt+shift+down", "add_cursor(1)", "One more cursor below"),
    ("alt+shift+up", "add_cursor(-1)", "One more cursor above"),
    ("alt+m", "add_next", "Select the word; again, its next place too"),
    ("alt+o", "add_all", "Select every place where it stands"),
    # Type
    ("enter", "newline", "New line"),
    ("tab", "edit('indent')", "Indent"),
    ("shift+tab", "edit('outdent')", "Outdent"),
    ("backspace", "delete_left", "Delete left"),
    ("delete", "delete('right')", "Delete right"),
    ("ctrl+w,ctrl+backspace,alt+backspace", "delete('word_left')", "Delete word left"),
    ("ctrl+delete,alt+delete,alt+d", "delete('word_right')", "Delete word right"),
    ("ctrl+u", "delete_to_start_of_line", "Delete to the start of the line"),
    ("ctrl+shift+k,alt+k", "edit('delete_lines')", "Delete the line"),
    ("alt+up", "edit('move_lines_up')", "Move the line up"),
    ("alt+down", "edit('move_lines_down')", "Move the line down"),
    ("ctrl+d", "edit('duplicate_lines')", "Duplicate the line"),
    ("alt+j", "edit('join_lines')", "Join lines"),
    ("ctrl+underscore,ctrl+slash", "edit('toggle_comment')", "Comment or uncomment"),
    ("alt+u", "edit('upper_case')", "Upper case"),
    ("alt+l", "edit('lower_case')", "Lower case"),
    ("alt+t", "edit('trim')", "Trim the blanks at the ends of lines"),
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
    """`go('up', True)` as `cursor_up.True`, `edit('join_lines')` as `join_lines`."""
    words = re.findall(r"[\w-]+", action)
    if words[0] == "go":
        words[:2] = [f"cursor_{words[1]}"]
    elif words[0] == "edit":
        words[:1] = []
    elif words[0] == "delete":
        words[:2] = [f"delete_{words[1]}"]
    return ".".join(words)
