"""Manners in the terminal: suspended and back, tiny and back, without colours, and exit code 1."""

import re
import signal
from pathlib import Path

import pytest
from pty_terminal import Terminal

TEXT = "def one():\n    return 1\n"
SGR = re.compile(rb"\x1b\[([0-9;:]*)m")


def is_stopped(terminal: Terminal) -> bool:
    """Whether the program has been stopped by the shell's signal."""
    stat = Path(f"/proc/{terminal.process.pid}/stat").read_text(encoding="ascii")
    return stat.rpartition(")")[2].split()[0] == "T"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    found = tmp_path / "page.py"
    found.write_text(TEXT)
    return found


def test_suspended_and_tiny_and_back(path: Path) -> None:
    """The terminal is the shell's in between; text, cursor and screen are there afterwards."""
    with Terminal.start(path, "--model", "null") as terminal:
        terminal.wait_for("ready")
        terminal.keys("x", "\x1c")
        terminal.wait_until(lambda: is_stopped(terminal), "the stop")
        terminal.wait_until(lambda: terminal.left_clean, "the shell's terminal")
        terminal.signal(signal.SIGCONT)
        terminal.wait_for(lambda rows: "xdef one" in rows[0] and "page.py ●" in rows[-1])
        for size in ((20, 4), (1, 1), (39, 7)):
            terminal.resize(*size)
            terminal.keys("y")
        terminal.resize(100, 30)
        terminal.wait_for(lambda rows: "xyyydef one" in rows[0] and "page.py ●" in rows[-1])
        terminal.keys("ctrl+s")
        terminal.wait_notice("Saved page.py")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    assert path.read_text() == "xyyy" + TEXT


def give_up(terminal: Terminal) -> None:
    """Change the page, and leave without it, as git's editor that is to stop it."""
    terminal.keys("x")
    terminal.wait_for("page.py ●")
    terminal.keys("\x1bq")
    terminal.wait_for("exit code 1")
    terminal.keys("y")
    assert terminal.wait_end() == 1


def test_left_with_exit_code_one_and_no_colour(path: Path) -> None:
    """Git's editor, given up: code 1, nothing saved; and NO_COLOR means none in all of it."""
    with Terminal.start(path, "--model", "null", variables={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for("ready")
        give_up(terminal)
        colours = {
            code
            for match in SGR.finditer(terminal.raw)
            for code in re.split(rb"[;:]", match[1])
            if code.isdigit()
            and (30 <= int(code) <= 38 or 40 <= int(code) <= 48 or int(code) >= 90)
        }
        assert colours == set()
        assert b"\x1b[1" in terminal.raw
    assert path.read_text() == TEXT


@pytest.mark.parametrize("term", ["linux", "xterm", "screen"])
def test_sixteen_colours_and_no_mouse(path: Path, term: str) -> None:
    """A plain old terminal gets its own colours only, and keeps its mouse where that is asked."""
    variables = {"TERM": term, "COLORTERM": "", "DIFFEDIT_MOUSE": "false"}
    with Terminal.start(path, "--model", "null", variables=variables) as terminal:
        terminal.wait_for(lambda rows: "def one" in rows[0] and "ready" in rows[-1])
        give_up(terminal)
        # 38 and 48 begin a colour by number; a mouse is asked for by one of these.
        codes = {code for match in SGR.finditer(terminal.raw) for code in match[1].split(b";")}
        assert not codes & {b"38", b"48"}
        assert codes & {b"3%d" % colour for colour in range(8)}
        assert not re.search(rb"\x1b\[\?(?:9|100[0-356]|1015|1016)h", terminal.raw)
