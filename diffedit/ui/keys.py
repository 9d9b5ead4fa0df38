"""Which key does what. Data only: `ui/app` binds it, the palette and the help page read it.

Every action has a key that a plain old terminal can send (no ctrl+shift, no ctrl+enter).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Where = Literal["anywhere", "editor", "prompt", "search", "review", "look"]
"""The place in which a key has its meaning; the same key may mean another thing elsewhere."""

PLACES: dict[Where, str] = {
    "anywhere": "Anywhere",
    "prompt": "In the prompt bar",
    "search": "In the search bar",
    "review": "While a draft is under review",
    "look": "While its steps and tokens are looked at",
    "editor": "Typing",
}
"""The places in the order in which the help page shows them, with their headings."""


@dataclass(frozen=True, slots=True)
class Key:
    """One key (in Textual's spelling) and the command that it runs."""

    key: str
    command: str
    where: Where = "anywhere"
    bound: bool = True
    """False: the widget that has the focus already knows this key; it is listed for people."""


KEYS: tuple[Key, ...] = (
    Key("ctrl+k", "ask"),
    Key("f2", "fill"),
    Key("f4", "continue"),
    Key("ctrl+r", "again"),
    Key("f8", "proofread"),
    Key("escape", "escape"),
    Key("ctrl+t", "thinking"),
    Key("ctrl+o", "open"),
    Key("f5", "open_by_name"),
    Key("f7", "tree"),
    Key("ctrl+n", "new"),
    Key("ctrl+s", "save"),
    Key("f12", "save_as"),
    Key("f6", "next_buffer"),
    Key("ctrl+pagedown", "next_buffer"),
    Key("ctrl+pageup", "previous_buffer"),
    Key("ctrl+w", "close"),
    Key("ctrl+f", "find"),
    Key("alt+r", "replace"),
    Key("alt+g", "find_in_files"),
    Key("f3", "next_match"),
    Key("alt+n", "next_match"),
    Key("shift+f3", "previous_match"),
    Key("alt+p", "previous_match"),
    Key("ctrl+g", "go_to_line"),
    Key("alt+h", "next_change"),
    Key("alt+y", "previous_change"),
    Key("alt+v", "revert_change"),
    Key("alt+z", "wrap"),
    Key("alt+s", "sort_lines"),
    Key("alt+shift+r", "recent"),
    Key("alt+shift+b", "bring_back"),
    Key("alt+shift+k", "read_only"),
    Key("alt+shift+t", "indentation"),
    Key("alt+shift+e", "encoding"),
    Key("alt+shift+l", "line_ends"),
    Key("alt+shift+i", "reopen"),
    Key("alt+shift+n", "numbers"),
    Key("alt+shift+m", "relative"),
    Key("alt+shift+w", "blanks"),
    Key("alt+shift+q", "pairs"),
    Key("ctrl+p", "palette"),
    Key("f9", "picture"),
    Key("f1", "help"),
    Key("ctrl+q", "quit"),
    Key("alt+q", "abort"),
    Key("ctrl+backslash", "suspend"),
    Key("enter", "prompt_send", "prompt"),
    Key("tab", "prompt_mode", "prompt"),
    Key("alt+s", "prompt_strength", "prompt"),
    Key("alt+p", "prompt_pins", "prompt"),
    Key("up", "prompt_older", "prompt", bound=False),
    Key("down", "prompt_newer", "prompt", bound=False),
    Key("ctrl+z", "undo", "prompt", bound=False),
    Key("enter", "search_enter", "search"),
    Key("down", "next_match", "search"),
    Key("up", "previous_match", "search"),
    Key("shift+enter", "previous_match", "search"),
    Key("tab", "search_field", "search"),
    Key("alt+a", "replace_all", "search"),
    Key("alt+c", "search_case", "search"),
    Key("alt+x", "search_regex", "search"),
    Key("alt+w", "search_word", "search"),
    Key("alt+s", "search_scope", "search"),
    Key("ctrl+z", "undo", "search"),
    Key("escape", "escape", "search", bound=False),
    Key("tab", "next_hunk", "review"),
    Key("shift+tab", "previous_hunk", "review"),
    Key("a", "accept", "review"),
    Key("r", "reject", "review"),
    Key("A", "accept_all", "review"),
    Key("R", "reject_all", "review"),
    Key("enter", "apply", "review"),
    Key("e", "rejected_again", "review"),
    Key("i", "follow_up", "review"),
    Key("m", "merge", "review"),
    Key("c", "check", "review"),
    Key("left", "steps", "review"),
    Key("h", "heat", "review"),
    Key("u", "next_unsure", "review"),
    Key("left_curly_bracket", "previous_link", "review"),
    Key("right_curly_bracket", "next_link", "review"),
    Key("right_square_bracket", "next_alternative", "review"),
    Key("left_square_bracket", "previous_alternative", "review"),
    Key("up", "scroll_up", "review"),
    Key("down", "scroll_down", "review"),
    Key("pageup", "scroll_page_up", "review"),
    Key("pagedown", "scroll_page_down", "review"),
    Key("ctrl+k", "to_text", "review"),
    Key("ctrl+r", "again", "review", bound=False),
    Key("escape", "escape", "review", bound=False),
    Key("left", "step_back", "look"),
    Key("right", "step_on", "look"),
    Key("home", "first_step", "look"),
    Key("end", "last_step", "look"),
    Key("space", "play", "look"),
    Key("plus", "faster", "look"),
    Key("minus", "slower", "look"),
    Key("enter", "take_step", "look"),
    Key("f", "fork", "look"),
    Key("h", "heat", "look"),
    Key("u", "next_unsure", "look"),
    Key("U", "previous_unsure", "look"),
    Key("tab", "next_token", "look"),
    Key("shift+tab", "previous_token", "look"),
    *(Key(str(number), f"choice_{number}", "look") for number in range(1, 9)),
    Key("p", "pin_token", "look"),
    Key("P", "pin_line", "look"),
    Key("m", "mark_token", "look"),
    Key("t", "think_again", "look"),
    Key("s", "save_run", "look"),
    Key("S", "save_film", "look"),
    Key("up", "scroll_up", "look"),
    Key("down", "scroll_down", "look"),
    Key("ctrl+k", "to_text", "look"),
    Key("escape", "escape", "look", bound=False),
    Key("ctrl+z", "undo", "editor", bound=False),
    Key("ctrl+y", "redo", "editor", bound=False),
    Key("ctrl+c", "copy", "editor", bound=False),
    Key("ctrl+x", "cut", "editor", bound=False),
    Key("ctrl+v", "paste", "editor", bound=False),
    Key("ctrl+a", "select_all", "editor", bound=False),
)

SHOWN = {
    "escape": "esc",
    "pagedown": "pgdn",
    "pageup": "pgup",
    "left_square_bracket": "[",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "underscore": "_",
    "slash": "/",
    "backslash": "\\",
    "right_square_bracket": "]",
    "left_curly_bracket": "{",
    "right_curly_bracket": "}",
    "plus": "+",
    "minus": "-",
}
"""How people write keys that Textual spells out."""


def shown(key: str) -> str:
    """A key as people write it: "ctrl+pgdn", "esc", "shift+a" as "A"."""
    return "+".join(SHOWN.get(part, part) for part in key.split("+"))


def keys_of(command: str, table: Iterable[Key] = KEYS) -> str:
    """Every key of a command, the first first: "f6, ctrl+pgdn". Empty if it has none."""
    return ", ".join(dict.fromkeys(shown(key.key) for key in table if key.command == command))
