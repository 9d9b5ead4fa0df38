"""Files: nothing is lost without having been asked, and what went wrong is one clear line."""

import os
from pathlib import Path

import pytest
from stage_app import staged
from textual.events import Key
from textual.widgets import Input, Static

from diffedit.config import paths
from diffedit.core.files import Form
from diffedit.ui import rescue
from diffedit.ui.dialogs import Ask, Line, complete


def file(folder: Path, name: str = "page.py", text: str = "x = 1\n") -> Path:
    """A file to edit."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


async def test_save_writes_the_same_form(tmp_path: Path) -> None:
    """What was read with CRLF and a byte order mark is written so."""
    path = tmp_path / "a.py"
    path.write_bytes(b"\xef\xbb\xbfa\r\nb\r\n")
    async with staged(path) as stage:
        await stage.press("z", "ctrl+s")
        await stage.saw("saved")
        assert path.read_bytes() == b"\xef\xbb\xbfza\r\nb\r\n"
        assert not stage.app.buffers.current.page.modified


async def test_quit_asks_and_stays(tmp_path: Path) -> None:
    """Ctrl+q with unsaved text asks; esc stays, and the text is still there."""
    async with staged(file(tmp_path)) as stage:
        await stage.press("z", "ctrl+q")
        assert isinstance(stage.app.screen, Ask)
        await stage.press("escape")
        await stage.pilot.pause()
        assert stage.app.is_running
        assert stage.text == "zx = 1\n"
        assert stage.app.return_value is None


async def test_a_question_is_answered_once(tmp_path: Path) -> None:
    """Two answers typed faster than the question closes: the first counts, nothing breaks."""
    async with staged(file(tmp_path)) as stage:
        await stage.press("z", "ctrl+q")
        question = stage.app.screen
        for key in ("escape", "s", "d"):
            question.post_message(Key(key, None))
        await stage.pilot.pause()
        assert stage.app.is_running
        assert not stage.app.farewell
        assert stage.text == "zx = 1\n"


@pytest.mark.parametrize(("key", "left"), [("s", "zx = 1\n"), ("d", "x = 1\n")])
async def test_quit_saves_or_discards(tmp_path: Path, key: str, left: str) -> None:
    """`s` saves and leaves, `d` leaves the file as it was."""
    path = file(tmp_path)
    async with staged(path) as stage:
        await stage.press("z", "ctrl+q", key)
        await stage.left()
        assert stage.app.return_value == 0
    assert path.read_text() == left


async def test_quit_asks_for_each_modified_buffer(tmp_path: Path) -> None:
    """Two modified files are two questions, each about the one on the screen."""
    first, second = file(tmp_path, "a.py"), file(tmp_path, "b.py")
    async with staged(first, second) as stage:
        await stage.press("y", "f6", "z", "ctrl+q", "d")
        await stage.pilot.pause()
        assert stage.app.buffers.current.name == "b.py"
        await stage.press("s")
        await stage.left()
    assert (first.read_text(), second.read_text()) == ("x = 1\n", "zx = 1\n")


async def test_save_as_names_a_new_text(tmp_path: Path) -> None:
    """A text without a file asks for a name, and goes by it from then on."""
    async with staged() as stage:
        await stage.type("hi")
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, Line)
        stage.app.screen.query_one(Input).value = str(tmp_path / "deep" / "new.py")
        await stage.press("enter")
        await stage.saw("saved")
        assert stage.app.buffers.current.name == "new.py"
        assert stage.app.buffers.current.language == "python"
    assert (tmp_path / "deep" / "new.py").read_text() == "hi"


async def test_save_as_asks_before_it_replaces(tmp_path: Path) -> None:
    """Another file is not written over without a yes."""
    other = file(tmp_path, "other.py", "theirs")
    async with staged(file(tmp_path)) as stage:
        await stage.press("f12")
        stage.app.screen.query_one(Input).value = str(other)
        await stage.press("enter")
        await stage.pilot.pause()
        assert isinstance(stage.app.screen, Ask)
        await stage.press("n")
        assert other.read_text() == "theirs"


async def test_save_as_wants_a_file_not_a_folder(tmp_path: Path) -> None:
    """A folder's name is refused where it is typed; nobody is asked whether to replace it."""
    async with staged(file(tmp_path)) as stage:
        await stage.press("f12")
        line = stage.app.screen
        line.query_one(Input).value = str(tmp_path)
        await stage.press("enter")
        await stage.pilot.pause()
        assert stage.app.screen is line
        assert "folder" in str(line.query_one("#why", Static).content)


async def test_a_change_from_outside_is_noticed(tmp_path: Path) -> None:
    """A file that changed since it was opened is not written over; `r` takes theirs, undoably."""
    path = file(tmp_path)
    async with staged(path) as stage:
        await stage.press("z")
        path.write_text("theirs, and longer\n")
        await stage.press("ctrl+s")
        assert isinstance(stage.app.screen, Ask)
        await stage.press("r")
        await stage.pilot.pause()
        assert stage.text == "theirs, and longer\n"
        await stage.press("ctrl+z")
        assert stage.text == "zx = 1\n"


async def test_a_folder_that_refuses_is_one_line(tmp_path: Path) -> None:
    """What cannot be saved is said in one line, and the text stays modified on the screen."""
    path = tmp_path / "gone" / "page.py"
    path.parent.mkdir()
    file(path.parent)
    async with staged(path) as stage:
        await stage.press("z")
        path.unlink()
        path.mkdir()
        await stage.press("ctrl+s")
        await stage.saw("said")
        assert stage.text == "zx = 1\n"
        assert stage.app.buffers.current.page.modified
        assert "Traceback" not in " ".join(stage.said)


async def test_a_folder_or_a_binary_is_one_line(tmp_path: Path) -> None:
    """A folder named as a file is said to be one, and an empty page opens instead."""
    async with staged(tmp_path) as stage:
        assert any(str(tmp_path.name) in line for line in stage.said)
        assert stage.text == ""


async def test_rescue_copies_on_a_signal(tmp_path: Path) -> None:
    """SIGTERM leaves the file alone, the text in a rescue copy, and 128 + 15 as the exit code."""
    path = file(tmp_path)
    async with staged(path) as stage:
        await stage.press("z")
        stage.app.signalled(15)
        await stage.left()
        assert stage.app.return_value == 143
        assert "rescue" in stage.app.farewell
    assert path.read_text() == "x = 1\n"
    copy = rescue.find(paths.state_dir(), path)
    assert copy is not None
    assert copy.path.read_text() == "zx = 1\n"
    assert copy.path.parent.stat().st_mode & 0o077 == 0


async def test_the_next_open_tells_of_the_rescue_copy(tmp_path: Path) -> None:
    """A file with a rescue copy says where it is; once the file says the same, no more."""
    path = file(tmp_path)
    copy = rescue.save(paths.state_dir(), path, "saved text", Form())
    async with staged(path) as stage:
        await stage.saw("said")
        assert any(str(copy) in line for line in stage.said)
    path.write_text("saved text")
    async with staged(path) as stage:
        await stage.saw("looked back")
        assert not any("rescue" in line for line in stage.said)


async def test_a_question_can_be_answered_by_mouse(tmp_path: Path) -> None:
    """A click on an answer gives it."""
    path = file(tmp_path)
    async with staged(path) as stage:
        await stage.press("z", "ctrl+q")
        await stage.pilot.pause()
        dialog = stage.app.screen.query("Static").last()
        await stage.pilot.click(dialog, offset=(1, 1))
        await stage.saw("saved")
    assert path.read_text() == "zx = 1\n"


async def test_what_came_through_a_pipe_is_not_lost() -> None:
    """A text from stdin is on no disk: quitting asks, though nobody has typed."""
    async with staged(stdin_text="piped") as stage:
        assert stage.text == "piped"
        await stage.press("ctrl+q")
        assert isinstance(stage.app.screen, Ask)


async def test_closing_the_last_leaves_an_empty_page(tmp_path: Path) -> None:
    """Ctrl+w closes; there is always a page."""
    async with staged(file(tmp_path)) as stage:
        await stage.press("ctrl+w")
        await stage.pilot.pause()
        assert [buffer.name for buffer in stage.app.buffers.all] == ["untitled"]


async def test_tabs_show_only_when_there_are_several(tmp_path: Path) -> None:
    """One file needs no strip; two have one, and f6 goes round."""
    async with staged(file(tmp_path, "a.py"), file(tmp_path, "b.py")) as stage:
        assert stage.app.window.tabs.display
        await stage.press("f6")
        assert stage.app.buffers.current.name == "b.py"
        await stage.press("ctrl+w")
        await stage.pilot.pause()
        assert not stage.app.window.tabs.display


async def test_go_to_line(tmp_path: Path) -> None:
    """Ctrl+g takes LINE:COL; what is no place is said, and the question stays."""
    async with staged(file(tmp_path, text="a\nb\ncde\n")) as stage:
        await stage.press("ctrl+g", "x", "enter")
        assert isinstance(stage.app.screen, Line)
        await stage.press("backspace", "3", "colon", "2", "enter")
        await stage.pilot.pause()
        assert stage.app.window.editor.cursor_location == (2, 1)


def test_paths_are_completed(tmp_path: Path) -> None:
    """The first name that fits; a folder ends with a slash; nothing fits, nothing comes."""
    (tmp_path / "alpha").mkdir()
    file(tmp_path, "beta.py")
    assert complete(f"{tmp_path}{os.sep}al") == f"{tmp_path}/alpha/"
    assert complete(f"{tmp_path}/be") == f"{tmp_path}/beta.py"
    assert complete(f"{tmp_path}/x") is None
    assert complete("/no/such/folder/x") is None
