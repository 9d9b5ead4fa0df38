"""SIGKILL in the middle of the work: what was typed is offered at the next open."""

import signal
from pathlib import Path

from pty_terminal import Terminal

from diffedit.core import journal_file

TEXT = "one = 1\ntwo = 2\n"


def kept(home: Path) -> list[str | None]:
    """The unsaved texts that the journals tell of."""
    found = map(journal_file.read, (home / "state" / "journals").glob("*.journal"))
    return [story.unsaved_text(TEXT) for story in found if story is not None]


def test_killed_and_recovered(home: Path, tmp_path: Path) -> None:
    """The kill comes when the last key is in the journal; the next open shows it, and takes it."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    with Terminal.start(path, "--model", "null") as terminal:
        terminal.wait_for("ready")
        terminal.keys("first ")
        terminal.wait_until(lambda: kept(home) == ["first " + TEXT], "the journal")
        terminal.keys("second ")
        terminal.wait_until(
            lambda: kept(home) == ["first second " + TEXT], "the journal, continued"
        )
        terminal.signal(signal.SIGKILL)
        assert terminal.wait_end() == -signal.SIGKILL
    assert path.read_text() == TEXT
    with Terminal.start(path, "--model", "null") as terminal:
        rows = terminal.wait_for("bring it back")
        shown = "\n".join(rows)
        assert "- one = 1" in shown
        assert "+ first second one = 1" in shown
        terminal.keys("enter")
        terminal.wait_for("page.py ●")
        terminal.keys("ctrl+s")
        terminal.wait_notice("Saved page.py")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
    assert path.read_text() == "first second " + TEXT


def test_what_was_typed_into_a_live_draft_survives_a_kill(home: Path, tmp_path: Path) -> None:
    """Killed while the model denoises: the draft, with what was typed into it, is offered."""
    path = tmp_path / "page.py"
    path.write_text(TEXT)
    (home / "config").mkdir(parents=True)
    (home / "config" / "settings.toml").write_text("[models.null]\nsteps = 48\nstep_ms = 500\n")
    with Terminal.start(path, "--model", "null") as terminal:
        terminal.wait_for("ready")
        terminal.keys("shift+down", "ctrl+k")
        terminal.wait_for("What is to be done with it?")
        terminal.keys("shorter", "enter")
        terminal.wait_for("denoising")
        terminal.keys("ctrl+home", "right", "right")
        terminal.keys("typed")
        terminal.wait_until(
            lambda: any("typed" in (text or "") for text in kept(home)), "the draft in the journal"
        )
        terminal.signal(signal.SIGKILL)
        assert terminal.wait_end() == -signal.SIGKILL
    assert path.read_text() == TEXT
    with Terminal.start(path, "--model", "null") as terminal:
        rows = terminal.wait_for("bring it back")
        assert "typed" in "\n".join(rows)
        terminal.keys("enter")
        terminal.wait_for("page.py ●")
        terminal.keys("ctrl+s")
        terminal.wait_notice("Saved page.py")
        terminal.keys("ctrl+q")
        assert terminal.wait_end() == 0
    assert "typed" in path.read_text()
    assert path.read_text().endswith("two = 2\n")
