"""Nothing that a file, its name, a model or its name says is ever obeyed by the terminal."""

import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path

from pty_terminal import Terminal

TITLE, COLOUR, MOVE = "\x1b]0;OWNED{}\x07", "\x1b[31;43mRED{}\x1b[0m", "\x1b[2J\x1b[7;7HMOVE{}"
EIGHT_BIT, ASIDE, DEVICE = "\x9b31mCSI{}\x9c", "\u202eBIDI{}\u2066", "\x1bP$qm\x1b\\DCS{}\r\x08"
EVIL = TITLE + COLOUR + MOVE + EIGHT_BIT + ASIDE + DEVICE
MARKS = ("OWNED", "RED", "MOVE", "CSI", "BIDI")
NAME = "\x1b]0;OWNED9\x07\x1b[31mN\x9b1m\u202eame.py"


def evil(number: int) -> str:
    """The worst, with a number that tells where it came from."""
    return EVIL.replace("{}", str(number))


def obeyed(raw: bytes) -> list[bytes]:
    """What of it reached the terminal as it was."""
    beginnings = [
        *(b"]0;OWNED", b"[31;43mRED", b"[2J", b"[7;7HMOVE", b"P$qm", b"[31mN"),
        *(text.encode() for text in ("\x9b", "\x9c", "\u202e", "\u2066", "\x08")),
    ]
    bad = [(b"\x1b" + word if word[:1] in b"]P[" else word) for word in beginnings]
    return [word for word in bad if word in raw]


def seen(rows: list[str], number: int) -> bool:
    """Whether what came from there is on the screen, harmless."""
    text = "\n".join(rows)
    return all(f"{mark}{number}" in text for mark in MARKS) and "␛" in text


def test_nothing_is_obeyed(tmp_path: Path, script: Callable[..., str]) -> None:
    """Escape sequences in text, answer, thought, note and names are shown as pictures of them."""
    path = tmp_path / NAME
    before = f"one = '{evil(1)}'\ntwo = 2\n"
    path.write_bytes(before.encode())
    answer = f"one = '{evil(4)}'"
    model = script(
        name=f"m{NAME}",
        text=answer,
        frames=[
            [[f"one = '{evil(2)}", "noise", 1.5]],
            [f"one = '{evil(3)}", ["??", "noise", 0.5]],
            ["the last"],
        ],
        alternatives=[f"one = '{evil(5)}'"],
        thought=evil(6),
        note=evil(7),
        step_ms=400,
    )
    with Terminal.start(path, "--model", model, folder=tmp_path, size=(150, 40)) as terminal:
        terminal.wait_for(lambda rows: seen(rows, 1))
        terminal.keys("ctrl+t", "shift+end", "ctrl+k")
        terminal.wait_for("Rewrite")
        # Terminals take the escape character itself out of what they paste.
        terminal.paste(evil(8).replace("\x1b", ""))
        terminal.wait_for("BIDI8")
        terminal.keys("enter")
        for number in (2, 3, 4):
            terminal.wait_for(partial(seen, number=number))
        terminal.wait_for("answer 1 of 2")
        terminal.keys("]")
        terminal.wait_for(lambda rows: seen(rows, 5))
        terminal.keys("[", "A")
        terminal.wait_for("Applied")
        terminal.keys("ctrl+s")
        terminal.wait_for("Saved")
        terminal.keys("z", "ctrl+q")
        terminal.wait_for("has unsaved changes")
        terminal.keys("escape")
        terminal.wait_gone("has unsaved changes")
        terminal.keys("ctrl+q")
        terminal.wait_for("has unsaved changes")
        terminal.keys("d")
        assert terminal.wait_end() == 0
        assert obeyed(bytes(terminal.raw)) == []
        assert terminal.left_clean
    assert path.read_bytes() == before.replace(evil(1), evil(4)).encode()


def test_the_last_words_are_harmless(tmp_path: Path) -> None:
    """What is said when a signal ends the editor holds the file's name, but not raw."""
    path = tmp_path / NAME
    with Terminal.start(path, "--model", "null") as terminal:
        terminal.wait_for("ready")
        terminal.keys("zz")
        terminal.wait_for("●")
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
        assert "your unsaved text is in" in terminal.text
        assert obeyed(bytes(terminal.raw)) == []


def test_what_stands_on_stderr_is_harmless(tmp_path: Path) -> None:
    """Names in complaints before the screen is taken are pictures too."""
    folder = tmp_path / NAME
    folder.mkdir()
    for words in (
        [folder],
        ["--theme", NAME],
        [f"--{NAME}"],
        ["rewrite", folder, "--lines", "1:1", "-i", "x"],
    ):
        with Terminal.start(*words) as terminal:
            assert terminal.wait_end() == 2
            assert not terminal.took_screen
            assert "␛" in terminal.text or r"\x1b" in terminal.text
            assert obeyed(bytes(terminal.raw)) == []


def test_a_diff_for_a_terminal_is_harmless(tmp_path: Path, script: Callable[..., str]) -> None:
    """`diffedit rewrite` shows a diff on a terminal without what the terminal would obey."""
    path = tmp_path / "page.py"
    path.write_bytes(f"one = '{evil(1)}'\ntwo = 2\n".encode())
    model = script(text=f"one = '{evil(4)}'")
    words = ("rewrite", path, "--lines", "1:1", "-i", "x", "--model", model)
    with Terminal.start(*words, folder=tmp_path, size=(150, 40)) as terminal:
        assert terminal.wait_end() == 0
        assert "OWNED4" in terminal.text
        assert obeyed(bytes(terminal.raw)) == []
