"""The main job in a real terminal, on a real file: select, ask, watch, keep it or not."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from pty_terminal import Rows, Terminal

FIRST, AFTER = b"def fill(text, width=70, **kwargs):\n", b"\n\ndef shorten"
NEW = 'def fill(text, width=70, **kwargs):\n    return "\\n".join(wrap(text, width, **kwargs))'
FRAMES = [
    [["def fill(text", "kept"], ["%% & %% frame1 @@", "noise", 2.5]],
    [["def fill(text", "kept"], ", width=70", ["%% frame2 ?? wrap", "noise", 1.5]],
    [["def fill(text", "kept"], ", width=70, **kwargs):\n", ["    frame3 join(wrap", "noise", 0.5]],
    [["def fill(text", "kept"], ", width=70, **kwargs):\n    frame4"],
]
Script = Callable[..., str]


def span_of(data: bytes) -> tuple[int, int]:
    """Where the function `fill` lies, without its last newline."""
    start = data.index(FIRST)
    return start, data.index(AFTER, start)


def row_of(data: bytes) -> int:
    """The line on which it begins, from 1."""
    return data.count(b"\n", 0, span_of(data)[0]) + 1


def select_function(data: bytes) -> list[str]:
    """The keys from its `def` to the end of its last line."""
    return [*["shift+down"] * data.count(b"\n", *span_of(data)), "shift+end"]


def frame_in(rows: Rows) -> str | None:
    """Which of the frames can be seen."""
    found = re.search(r"frame\d", "\n".join(rows))
    return found[0] if found else None


def test_select_ask_watch_accept_save_quit(module: Path, script: Script) -> None:
    """Three and more pictures are seen; what is saved is the new text, and only in the span."""
    before = module.read_bytes()
    model = script(text=NEW, frames=FRAMES, step_ms=150)
    with Terminal.start(
        f"{module}:{row_of(before)}", "--model", model, folder=module.parent
    ) as terminal:
        terminal.wait_for("ready")
        terminal.keys(*select_function(before), "ctrl+k")
        terminal.wait_for("Rewrite  lines")
        terminal.keys("shorter", "enter")
        frames = terminal.watch(until="change 1 of", of=frame_in)
        assert len(frames) >= 3
        assert frames == sorted(map(str, frames))
        assert module.read_bytes() == before
        terminal.keys("A")
        terminal.wait_for("Applied")
        terminal.wait_for("textwrap.py ●")
        terminal.keys("ctrl+s")
        terminal.wait_for("Saved textwrap.py")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    start, end = span_of(before)
    assert module.read_bytes() == before[:start] + NEW.encode() + before[end:]


def test_esc_half_way_leaves_all_as_it_was(module: Path, script: Script) -> None:
    """Esc in the middle: the screen and the file are what they were; there is nothing to save."""
    before, stamp = module.read_bytes(), module.stat()
    model = script(text=NEW, frames=FRAMES * 30, step_ms=100)
    with Terminal.start(
        f"{module}:{row_of(before)}",
        *("--model", model),
        size=(100, 18),
        folder=module.parent,
    ) as terminal:
        terminal.wait_for("ready")
        # The span's end stands on the last row: the bar will need its place.
        terminal.keys(*select_function(before))
        shown = terminal.wait_for(f" {row_of(before) + 10}:")
        terminal.keys("ctrl+k", "shorter", "enter")
        terminal.wait_for("frame2")
        terminal.keys("escape")
        terminal.wait_for(lambda rows: rows == shown)
        terminal.keys("ctrl+q")
        # It does not ask: there is nothing unsaved.
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    assert module.read_bytes() == before
    assert module.stat().st_mtime_ns == stamp.st_mtime_ns


@pytest.mark.parametrize("early", [False, True])
def test_letters_in_the_same_burst_go_to_the_prompt(
    module: Path,
    script: Script,
    early: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """Ctrl+k and the instruction in one write, even before there is a screen: none of it is lost.

    Were one letter to arrive in the text, it would replace the whole selection.
    """
    before = module.read_bytes()
    model = script(text=NEW, frames=FRAMES, step_ms=50)
    with Terminal.start(
        f"{module}:{row_of(before)}", "--model", model, folder=module.parent
    ) as terminal:
        if early:
            terminal.wait_until(lambda: terminal.took_screen, "the screen")
        else:
            terminal.wait_for("ready")
        terminal.keys(*select_function(before), "ctrl+k", "make it shorter")
        # A picture may be read half written; where it ends up is what counts.
        rows = terminal.wait_for(lambda rows: rows[-2].strip() == "make it shorter")
        assert "●" not in rows[-1]
        terminal.keys("enter")
        terminal.wait_for("change 1 of")
        terminal.keys("escape")
        terminal.wait_for("Dropped")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
    assert module.read_bytes() == before


def test_a_whole_edit_in_one_burst(module: Path, script: Script) -> None:
    """Select, ask, type and Enter in a single write come in that order."""
    before = module.read_bytes()
    model = script(text=NEW, frames=FRAMES, step_ms=50)
    with Terminal.start(
        f"{module}:{row_of(before)}", "--model", model, folder=module.parent
    ) as terminal:
        terminal.wait_for("ready")
        terminal.keys(*select_function(before), "ctrl+k", "shorter", "enter")
        terminal.wait_for("change 1 of")
        terminal.keys("enter", "ctrl+s", "ctrl+q")
        assert terminal.wait_end() == 0
    start, end = span_of(before)
    assert module.read_bytes() == before[:start] + NEW.encode() + before[end:]
