"""The end comes from outside: the terminal is given back, and the text is in a rescue copy."""

import os
import signal
from pathlib import Path

import pytest
from gates import Gates
from pty_terminal import Rows, Terminal

TEXT = "one = 1\ntwo = 2\n"


def rescued(home: Path) -> list[str]:
    """The texts of all rescue copies."""
    return [copy.read_text() for copy in (home / "state" / "rescue").glob("*")]


def both_typed(rows: Rows) -> bool:
    """Whether the second key is on the screen too: the mark of unsaved text comes with one."""
    return " zz" in rows[0] and "●" in rows[-1]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_with_unsaved_text(
    home: Path, gates: Gates, tmp_path: Path, number: signal.Signals
) -> None:
    """The terminal is as it was and names the copy, the code is 128 + n, no worker is left."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    life = gates.watch_life()
    with Terminal.start(path, "--model", "gate") as terminal:
        terminal.wait_for("ready")
        life.pid(terminal)
        terminal.keys("zz")
        terminal.wait_for(both_typed)
        terminal.signal(number)
        assert terminal.wait_end() == 128 + number
        life.wait_dead(terminal)
        assert terminal.took_screen
        assert terminal.left_clean
        said = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()
        assert "your unsaved text is in" in said.replace("\r\n", " ")
        assert "Traceback" not in said
    life.close()
    assert rescued(home) == ["zz" + TEXT]
    assert path.read_text() == TEXT


def test_the_next_start_offers_the_text(home: Path, tmp_path: Path) -> None:
    """After a signal the file opens as it is on disk, and the unsaved text is shown beside it."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    with Terminal.start(path, "--model", "null") as terminal:
        terminal.wait_for("ready")
        terminal.keys("zz")
        terminal.wait_for(lambda rows: "zzone" in rows[0])
        terminal.signal(signal.SIGTERM)
        terminal.wait_end()
    with Terminal.start(path, "--model", "null") as terminal:
        rows = terminal.wait_for("bring it back")
        assert "+ zzone = 1" in "\n".join(rows)
        terminal.keys("d")
        terminal.wait_until(lambda: rescued(home) == [], "the copy, gone")
    assert path.read_text() == TEXT


def test_a_closed_window_loses_nothing(home: Path, gates: Gates, tmp_path: Path) -> None:
    """The terminal goes away in the middle of a run: the copy is there, the worker is not."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    life = gates.watch_life()
    gates.shut("step")
    with Terminal.start(path, "--model", "gate") as terminal:
        terminal.wait_for("ready")
        terminal.keys("down", "zz", "shift+end", "ctrl+k", "louder", "enter")
        end = gates.reached(terminal, "step")
        life.pid(terminal)
        terminal.hang_up()
        assert terminal.wait_end() == 128 + signal.SIGHUP
        life.wait_dead(terminal)
        os.close(end)
    life.close()
    assert rescued(home) == ["one = 1\nzztwo = 2\n"]
    assert path.read_text() == TEXT


def test_a_full_disk_at_the_end_is_said(home: Path, tmp_path: Path) -> None:
    """Where even the rescue copy finds no room, the last words name the text that is lost."""
    path = tmp_path / "page.txt"
    path.write_text("a line of text\n" * 20_000)
    with Terminal.start(path, "--model", "null", file_limit=100_000) as terminal:
        terminal.wait_for("ready")
        terminal.keys("zz")
        terminal.wait_for(both_typed)
        terminal.signal(signal.SIGTERM)
        assert terminal.wait_end() == 128 + signal.SIGTERM
        said = terminal.raw.rpartition(b"\x1b[?1049l")[2].decode()
        assert "the unsaved text of page.txt could not be kept" in said.replace("\r\n", " ")
    assert rescued(home) == []


def test_a_full_disk_at_a_save(tmp_path: Path) -> None:
    """The old file stays whole, the text stays on the page unsaved, and one line says why."""
    path = tmp_path / "page.txt"
    text = "a line of text\n" * 20_000
    path.write_text(text)
    with Terminal.start(path, "--model", "null", file_limit=100_000) as terminal:
        terminal.wait_for("ready")
        terminal.keys("zz")
        terminal.wait_for(lambda rows: "zza line" in rows[0])
        terminal.keys("ctrl+s")
        terminal.wait_notice("The file on disk is as it was")
        rows = terminal.wait_for("page.txt ●")
        assert "zza line" in rows[0]
        assert path.read_text() == text
        terminal.keys("ctrl+q")
        terminal.wait_for("unsaved changes")
        terminal.keys("d")
        assert terminal.wait_end() == 0
    assert [file.name for file in tmp_path.iterdir() if "rescue" in file.name] == []
