"""Nothing typed is lost: undo goes on after a restart, and what a crash cost is offered."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from stage_app import Stage, staged

from diffedit.config import paths
from diffedit.core import journal_file, left_behind, places
from diffedit.core.files import Base, read
from diffedit.core.lock import Lock
from diffedit.ui import keeping
from diffedit.ui.compare import Compare
from diffedit.ui.dialogs import Ask

TEXT = "one = 1\ntwo = 2\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    found = tmp_path / "page.py"
    found.write_text(TEXT)
    return found


def journals() -> Path:
    """Where they lie."""
    return paths.state_dir() / "journals"


def unsaved(path: Path) -> list[str]:
    """What the next session would be offered."""
    opened = read(path)
    there = left_behind.look(journals(), path, Base(text=opened.text, form=opened.form))
    if isinstance(there.lock, Lock):
        there.lock.release()
    return [lost.text for lost in there.lost]


async def written(stage: Stage) -> None:
    """Come back when all that was typed is in the journals."""
    desk = stage.app.filing.keeping
    for buffer in stage.app.buffers.all:
        if buffer.kept is not None and buffer.kept.file is not None:
            desk._write(buffer, buffer.kept)
    await desk.ask(lambda: None)


async def crashed(path: Path, *keys: str) -> None:
    """A session that types these keys, and is gone without a word."""
    async with staged(path) as stage:
        await stage.saw("looked back")
        await stage.press(*keys)
        await written(stage)
        for buffer in stage.app.buffers.all:
            assert buffer.kept is not None
            assert buffer.kept.file is not None
            buffer.kept.file.close()
            assert buffer.kept.lock is not None
            buffer.kept.lock.release()
            buffer.page.scribe = None


async def test_undo_goes_on_in_the_next_session(path: Path) -> None:
    """Saved, closed and opened again: ctrl+z takes back what the earlier session typed."""
    async with staged(path) as stage:
        await stage.saw("looked back")
        await stage.press("z", "ctrl+s")
        await stage.saw("saved")
        await stage.press("ctrl+q")
        await stage.left()
        await stage.app.filing.keeping.ask(lambda: None)
    async with staged(path) as stage:
        await stage.saw("looked back")
        assert stage.text == "z" + TEXT
        await stage.press("ctrl+z")
        assert stage.text == TEXT
        assert stage.app.buffers.current.modified


async def test_what_a_crash_cost_is_shown_and_brought_back(path: Path) -> None:
    """The page is as the file until one has seen the difference and said yes; then undo works."""
    await crashed(path, "x", "y")
    async with staged(path) as stage:
        await stage.saw("asked")
        assert isinstance(stage.app.screen, Compare)
        assert stage.text == TEXT
        await stage.press("enter")
        await stage.saw("recovered")
        assert stage.text == "xy" + TEXT
        assert stage.app.buffers.current.modified
        await stage.press("ctrl+z")
        assert stage.text == TEXT


@pytest.mark.parametrize(("key", "again"), [("escape", True), ("d", False)])
async def test_not_now_asks_again_and_delete_does_not(path: Path, key: str, *, again: bool) -> None:
    """Esc leaves the text where it is, though one types and saves; d deletes it."""
    await crashed(path, "x")
    async with staged(path) as stage:
        await stage.saw("asked")
        await stage.press(key)
        await stage.pilot.pause()
        await stage.press("w", "ctrl+s")
        await stage.saw("saved")
        await stage.app.filing.keeping.ask(lambda: None)
        stage.app.filing.leave()
        await stage.left()
        await stage.app.filing.keeping.ask(lambda: None)
    assert unsaved(path) == (["x" + TEXT] if again else [])


async def test_what_was_discarded_is_not_offered(path: Path) -> None:
    """Quit, d for discard: the next session opens the file and asks nothing."""
    async with staged(path) as stage:
        await stage.saw("looked back")
        await stage.press("x")
        await written(stage)
        await stage.press("ctrl+q", "d")
        await stage.left()
        await stage.app.filing.keeping.ask(lambda: None)
    assert unsaved(path) == []


async def test_a_recovery_onto_a_changed_file_is_a_merge(path: Path) -> None:
    """Changed at one end by a crash's text and at the other by somebody else: both stay."""
    path.write_text("a\nb\nc\nd\n")  # noqa: ASYNC240 - nobody waits for it
    await crashed(path, "x")
    path.write_text("a\nb\nc\nD\n")  # noqa: ASYNC240
    async with staged(path) as stage:
        await stage.saw("asked")
        await stage.press("enter")
        await stage.saw("recovered")
        assert stage.text == "xa\nb\nc\nD\n"


async def test_a_second_editor_is_told_of_the_first(path: Path) -> None:
    """The second one may only look: then no key changes anything, and it says read-only."""
    async with staged(path) as first:
        await first.saw("looked back")
        async with staged(path) as second:
            await second.saw("asked")
            assert isinstance(second.app.screen, Ask)
            await second.press("r")
            await second.pilot.pause()
            await second.press("x")
            assert second.text == TEXT
            assert second.app.window.status_bar.status.read_only


async def test_a_lock_from_another_machine_is_taken_over_once(path: Path) -> None:
    """Its editor crashed there: t puts our name on it, and the next open asks nothing."""
    lock = places.lock(journals(), path)
    lock.parent.mkdir(parents=True)
    lock.write_text(json.dumps({"pid": 1, "host": "elsewhere.example"}))
    async with staged(path) as stage:
        await stage.saw("asked")
        await stage.press("t")
        await stage.saw("taken over")
        stage.app.filing.leave()
        await stage.left()
        await stage.app.filing.keeping.ask(lambda: None)
    async with staged(path) as stage:
        await stage.saw("looked back")
        assert isinstance(stage.app.buffers.current.kept.lock, Lock)  # type: ignore[union-attr]
        assert stage.app.quiet


async def test_a_kill_loses_no_more_than_half_a_second(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each change is due to be written that long after the first one that is not, whatever comes.

    The clock stands still: what was asked of it is what counts, and what is done when it strikes.
    """
    async with staged(path) as stage:
        await stage.saw("looked back")
        due: list[tuple[float, Callable[[], None]]] = []
        monkeypatch.setattr(stage.app, "later", lambda *words: due.append(words))
        for typed in ("x", "xy"):
            # Typing on does not put it off.
            await stage.press(typed[-1], "backspace", typed[-1])
            ((seconds, strike),) = due
            assert seconds <= keeping.WRITE_AFTER_S <= 0.5
            due.clear()
            strike()
            await stage.app.filing.keeping.ask(lambda: None)
            kept = stage.app.buffers.current.kept
            assert kept is not None
            assert kept.file is not None
            story = journal_file.read(kept.file.path)
            assert story is not None
            assert story.unsaved_text(TEXT) == typed + TEXT


async def test_two_that_edit_all_the_same_have_journals_of_their_own(path: Path) -> None:
    """Neither writes over the other's journal."""
    async with staged(path) as first:
        await first.saw("looked back")
        await first.press("a")
        await written(first)
        async with staged(path) as second:
            await second.saw("asked")
            await second.press("e")
            await second.pilot.pause()
            await second.press("b")
            await written(second)
            stories = [journal_file.read(file) for file in journals().glob("*.journal")]
            texts = {story.unsaved_text(TEXT) for story in stories if story is not None}
            assert texts == {"a" + TEXT, "b" + TEXT}


async def test_a_text_without_a_name_can_be_brought_back() -> None:
    """What came through a pipe and was never saved is there after a crash, as a new text."""
    async with staged(stdin_text="piped") as stage:
        await stage.press("x")
        buffer = stage.app.buffers.current
        assert buffer.kept is not None
        if buffer.kept.file is None:  # else it was written already, on a busy machine
            stage.app.filing.keeping.place(buffer, buffer.kept)
        await written(stage)
        assert buffer.kept.file is not None
        buffer.kept.file.close()
    async with staged() as stage:
        await stage.saw("said")
        assert "never saved" in stage.said[-1]
        await stage.app.action_command("bring_back")
        await stage.saw("brought back")
        assert stage.text == "xpiped"
        assert stage.app.buffers.current.modified


async def test_a_full_disk_is_said_once_and_tried_again(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the journal cannot be written one line says so; later all of it is written anew."""
    async with staged(path) as stage:
        await stage.saw("looked back")
        kept = stage.app.buffers.current.kept
        assert kept is not None
        assert kept.file is not None

        def full(lines: object) -> None:
            raise OSError(28, "No space left on device")

        with monkeypatch.context() as disk:
            disk.setattr(kept.file, "begin", full)
            await stage.press("x")
            await written(stage)
            await stage.saw("said")
            assert "No space left" in stage.said[-1]
        await stage.press("y")
        await written(stage)
        story = journal_file.read(kept.file.path)
        assert story is not None
        assert story.unsaved_text(TEXT) == "xy" + TEXT


async def test_no_journal_where_none_is_wanted(path: Path) -> None:
    """`journal = false` writes nothing of what is typed."""
    async with staged(path, journal=False) as stage:
        await stage.press("x", "ctrl+s")
        await stage.saw("saved")
    assert not journals().exists()


async def test_a_grown_journal_is_begun_anew(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond its bound a journal holds the file's text and what leads to this one, no more."""
    async with staged(path) as stage:
        await stage.saw("looked back")
        await stage.press("x")
        await written(stage)
        monkeypatch.setattr(keeping, "LONGEST", 10)
        kept = stage.app.buffers.current.kept
        assert kept is not None
        assert kept.file is not None
        before = kept.file.path.stat().st_ino
        await stage.press("y")
        await written(stage)
        assert kept.file.path.stat().st_ino != before
        story = journal_file.read(kept.file.path)
        assert story is not None
        assert story.unsaved_text(TEXT) == "xy" + TEXT
