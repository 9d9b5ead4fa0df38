"""What others do to an open file: noticed when the terminal has the focus again, and at a save."""
# ruff: noqa: ASYNC240 - the test is the other one who writes, and nobody waits for it

from pathlib import Path

import pytest
from stage_app import staged
from textual.events import AppFocus

from diffedit.ui.compare import Compare
from diffedit.ui.dialogs import Ask

TEXT = "a\nb\nc\nd\n"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file to edit."""
    found = tmp_path / "page.py"
    found.write_text(TEXT)
    return found


async def test_an_unmodified_text_follows_its_file(path: Path) -> None:
    """Nothing is typed: the file is read again, one line says so, and undo brings the old back."""
    async with staged(path) as stage:
        path.write_text("a\nb\nc\nD\n")
        stage.app.post_message(AppFocus())
        await stage.saw("reloaded")
        assert stage.text == "a\nb\nc\nD\n"
        assert not stage.app.buffers.current.modified
        assert "read again" in stage.said[-1]
        await stage.press("ctrl+z")
        assert stage.text == TEXT
        assert stage.app.buffers.current.modified


async def test_a_modified_text_is_asked_about_and_merged(path: Path) -> None:
    """Mine at the top, theirs at the bottom: both come together, and nothing is saved yet."""
    async with staged(path) as stage:
        await stage.press("x")
        path.write_text("a\nb\nc\nD\n")
        stage.app.post_message(AppFocus())
        await stage.saw("asked")
        await stage.press("v")
        await stage.saw("asked")
        assert isinstance(stage.app.screen, Compare)
        await stage.press("enter")
        await stage.saw("merged")
        assert stage.text == "xa\nb\nc\nD\n"
        assert path.read_text() == "a\nb\nc\nD\n"
        await stage.press("ctrl+s")
        await stage.saw("saved")
    assert path.read_text() == "xa\nb\nc\nD\n"


@pytest.mark.parametrize(
    ("key", "text"),
    [("m", "xa\nb\n"), ("t", "ya\nb\n"), ("b", "xa\nya\nb\n"), ("o", "a\nb\n")],
)
async def test_a_collision_is_settled_by_a_person(path: Path, key: str, text: str) -> None:
    """Enter does not merge before it was said whose lines are taken; then it saves just that."""
    path.write_text("a\nb\n")
    async with staged(path) as stage:
        await stage.press("x")
        path.write_text("ya\nb\n")
        await stage.press("ctrl+s")
        await stage.saw("asked")
        await stage.press("v")
        await stage.saw("asked")
        await stage.press("enter")
        assert isinstance(stage.app.screen, Compare)
        await stage.press(key, "enter")
        await stage.saw("saved")
    assert path.read_text() == text


@pytest.mark.parametrize(("key", "side"), [("M", "xa\nb\nc\nd\n"), ("T", "ya\nb\nc\nd\n")])
async def test_all_of_one_side(path: Path, key: str, side: str) -> None:
    """One key takes all of mine, or all of theirs."""
    async with staged(path) as stage:
        await stage.press("x")
        path.write_text("ya\nb\nc\nd\n")
        await stage.press("ctrl+s")
        await stage.saw("asked")
        await stage.press("v")
        await stage.saw("asked")
        await stage.press(key, "enter")
        await stage.saw("saved")
    assert path.read_text() == side


async def test_esc_leaves_both_as_they_are(path: Path) -> None:
    """Not now: the page and the file keep their texts, and the next save asks again."""
    async with staged(path) as stage:
        await stage.press("x")
        path.write_text("theirs\n")
        for _ in range(2):
            await stage.press("ctrl+s")
            await stage.saw("asked")
            await stage.press("v")
            await stage.saw("asked")
            await stage.press("escape")
            await stage.pilot.pause()
        assert stage.text == "x" + TEXT
    assert path.read_text() == "theirs\n"


async def test_a_file_that_was_only_touched_asks_nothing(path: Path) -> None:
    """Another date on the same text is no change: it is saved without a question."""
    async with staged(path) as stage:
        await stage.press("x")
        path.write_text("other")
        path.write_text(TEXT)
        await stage.press("ctrl+s")
        await stage.saw("saved")
    assert path.read_text() == "x" + TEXT


async def test_a_deleted_file_is_said_and_can_be_written_again(path: Path) -> None:
    """The text is still here, counts as unsaved, and a save brings the file back."""
    async with staged(path) as stage:
        path.unlink()
        stage.app.post_message(AppFocus())
        await stage.saw("said")
        assert "deleted" in stage.said[-1]
        assert stage.app.buffers.current.modified
        await stage.press("ctrl+s")
        await stage.saw("saved")
    assert path.read_text() == TEXT


async def test_keeping_mine_is_asked_once(path: Path) -> None:
    """Who overwrites is asked, and the next save of the same text asks no more."""
    async with staged(path) as stage:
        await stage.press("x")
        path.write_text("theirs\n")
        await stage.press("ctrl+s")
        await stage.saw("asked")
        assert isinstance(stage.app.screen, Ask)
        await stage.press("o")
        await stage.saw("saved")
        await stage.press("y", "ctrl+s")
        await stage.saw("saved")
    assert path.read_text() == "xy" + TEXT


async def test_read_only_takes_no_key(path: Path) -> None:
    """A page that is only looked at changes by no key, no paste and no model; then it does."""
    async with staged(path) as stage:
        await stage.app.action_command("read_only")
        await stage.press("x", "ctrl+d", "backspace", "ctrl+k")
        assert stage.text == TEXT
        assert not stage.app.window.prompt.display
        await stage.app.action_command("read_only")
        await stage.press("x")
        assert stage.text == "x" + TEXT
