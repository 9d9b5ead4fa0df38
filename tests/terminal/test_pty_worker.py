"""The worker killed in each phase, and the editor over it: all is told, nothing is lost."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from gates import Gates
from pty_terminal import Terminal

TEXT = "one = 1\ntwo = 2\n"
PHASES: dict[str, Callable[[Terminal], object]] = {
    "load": lambda terminal: terminal.wait_for("reading 25%"),
    "prefill": lambda terminal: terminal.keys("shift+end", "ctrl+k", "louder", "enter"),
    "step": lambda terminal: terminal.keys("shift+end", "ctrl+k", "louder", "enter"),
}
"""Each phase, and how to come there."""


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_worker_is_told_of(gates: Gates, tmp_path: Path, phase: str) -> None:
    """SIGKILL in any phase is one clear line; the text is untouched and the next edit works."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    life = gates.watch_life()
    gates.shut(phase)
    with Terminal.start(path, "--model", "gate") as terminal:
        if phase != "load":
            terminal.wait_for("ready")
        PHASES[phase](terminal)
        end = gates.reached(terminal, phase)
        if phase == "step":
            terminal.wait_for("ONE = 1 #1")
        pid = life.pid(terminal)
        os.kill(pid, signal.SIGKILL)
        terminal.wait_notice("died (signal 9). Your text is untouched")
        os.close(end)
        life.wait_dead(terminal)
        rows = terminal.wait_for(lambda rows: rows[0].split() == ["1", *TEXT.split()[:3]])
        assert "●" not in rows[-1]
        terminal.keys("home", "shift+end", "ctrl+k", "again", "enter")
        terminal.wait_for("change 1 of 1")
        terminal.keys("enter", "ctrl+s")
        terminal.wait_for("Saved page.py")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        assert terminal.left_clean
    life.close()
    assert path.read_text() == TEXT.replace("one = 1", "ONE = 1")


def test_a_killed_editor_takes_the_worker_along(gates: Gates, tmp_path: Path) -> None:
    """SIGKILL of the editor in the middle of a run leaves no worker behind."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    life = gates.watch_life()
    gates.shut("step")
    with Terminal.start(path, "--model", "gate") as terminal:
        terminal.wait_for("ready")
        PHASES["step"](terminal)
        end = gates.reached(terminal, "step")
        life.pid(terminal)
        terminal.signal(signal.SIGKILL)
        life.wait_dead(terminal)
        os.close(end)
        assert terminal.wait_end() == -signal.SIGKILL
    life.close()
    assert path.read_text() == TEXT


def test_quitting_takes_a_busy_worker_along(gates: Gates, tmp_path: Path) -> None:
    """Ctrl+q while the worker is deaf ends both of them, unexcused, and the terminal is clean."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    life = gates.watch_life()
    gates.shut("load")
    with Terminal.start(path, "--model", "gate") as terminal:
        end = gates.reached(terminal, "load")
        life.pid(terminal)
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
        life.wait_dead(terminal)
        os.close(end)
        assert terminal.left_clean
        assert b"was closed" not in terminal.raw
    life.close()
