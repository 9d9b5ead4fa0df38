"""Every action has a key that a plain old terminal can send, or a line in the palette."""

import os
import re
import shutil

import pytest
from textual._ansi_sequences import ANSI_SEQUENCES_KEYS
from textual.events import Resize
from textual.geometry import Size
from textual.keys import Keys, _get_key_aliases

from diffedit.ui.commands import BY_ID
from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.key_order import as_it_is
from diffedit.ui.keys import KEYS, PLACES

SENT = {
    alias
    for keys in ANSI_SEQUENCES_KEYS.values()
    if isinstance(keys, tuple)
    for key in keys
    for alias in _get_key_aliases(key.value if isinstance(key, Keys) else str(key))
}
"""What terminals have sent since long before they learned kitty's protocol, in Textual's words."""


def is_legacy(key: str) -> bool:
    """Whether such a terminal sends it: a character, a known sequence, or Alt and one of them."""
    word = key.removeprefix("alt+")
    # Escape and a capital letter; those that begin a control sequence are not to be told from it.
    capital = re.fullmatch(r"alt\+shift\+[a-mq-wyz]|alt\+shift\+n", key)
    return bool(capital) or word in SENT or bool(re.fullmatch(r"[^+]|[a-z]+(_[a-z]+)*", word))


def test_what_a_legacy_terminal_sends() -> None:
    """The measure itself: these are sent, those need kitty's protocol."""
    sent: tuple[str, ...] = ("ctrl+k", "escape", "f12", "alt+x", "shift+tab", "ctrl+pagedown", "A")
    sent += ("alt+up", "alt+shift+t")
    assert [key for key in sent if not is_legacy(key)] == []
    unsent = ("ctrl+shift+k", "shift+enter", "ctrl+enter", "super+c", "ctrl+full_stop")
    assert [key for key in unsent if is_legacy(key)] == []


def test_every_command_has_a_legacy_key() -> None:
    """In each place where a command has a key, one of its keys is one that any terminal sends."""
    missing = [
        (place, command)
        for place in PLACES
        for command in {key.command for key in KEYS if key.where == place}
        if not any(is_legacy(k.key) for k in KEYS if (k.where, k.command) == (place, command))
    ]
    assert missing == []


def test_every_command_can_be_reached() -> None:
    """Every command has a key; the palette is for those who do not know it."""
    keyed = {key.command for key in KEYS} | {"undo", "redo", "cut", "copy", "paste", "select_all"}
    assert [id_ for id_ in BY_ID if id_ not in keyed] == []


def test_every_action_of_the_page_has_a_legacy_key() -> None:
    """The same for what is done in the text."""
    unsent = [
        binding.description
        for binding in editor_bindings()
        if not any(is_legacy(key) for key in binding.key.split(","))
    ]
    assert unsent == []


def test_the_size_that_counts_is_the_terminals_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An older size that is told last gives way to the one that the terminal has by then."""
    # Whatever runs the tests asks it, too, with words of its own.
    monkeypatch.setattr(shutil, "get_terminal_size", lambda *_, **__: os.terminal_size((100, 30)))
    told = Resize(Size(20, 4), Size(20, 4))
    assert as_it_is(told).size == Size(100, 30)
    now = Resize(Size(100, 30), Size(100, 30))
    assert as_it_is(now) is now
