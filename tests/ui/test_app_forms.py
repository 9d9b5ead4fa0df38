"""Saving in another encoding or with other line ends, and reading in the one that is meant."""

from pathlib import Path

import pytest
from stage_app import Stage, staged

from diffedit.core.files import Form
from diffedit.ui.status_of import NEWLINES


async def picked(stage: Stage, command: str, *keys: str) -> None:
    """Run a command and answer its question."""
    await stage.app.action_command(command)
    await stage.saw("asked")
    await stage.press(*keys)


@pytest.mark.parametrize(
    ("typed", "data"),
    [
        ("8859-1", "z\xe9\n".encode("latin-1")),
        ("utf-8 mark", "z\xe9\n".encode("utf-8-sig")),
        ("utf-16-le mark", "\ufeffz\xe9\n".encode("utf-16-le")),
    ],
)
async def test_save_in_another_encoding(tmp_path: Path, typed: str, data: bytes) -> None:
    """The text counts as changed, the status says how it will be saved, and so it is."""
    path = tmp_path / "page.txt"
    path.write_text("z\xe9\n", encoding="utf-8")
    async with staged(path) as stage:
        await picked(stage, "encoding", *("space" if c == " " else c for c in typed), "enter")
        await stage.saw("form taken")
        assert [buffer.modified for buffer in stage.app.buffers.all] == [True]
        await stage.press("ctrl+s")
        await stage.saw("saved")
        assert [buffer.modified for buffer in stage.app.buffers.all] == [False]
    assert path.read_bytes() == data


async def test_an_encoding_that_lacks_a_letter_is_refused(tmp_path: Path) -> None:
    """One line says which letter and where; the text keeps its encoding."""
    path = tmp_path / "page.txt"
    path.write_text("ok\nz漢\n", encoding="utf-8")
    async with staged(path) as stage:
        await picked(stage, "encoding", *"1252", "enter")
        await stage.saw("said")
        assert "Line 2, column 2" in stage.said[-1]
        assert stage.app.buffers.current.form == Form()


async def test_an_encoding_against_the_declared_one_is_refused(tmp_path: Path) -> None:
    """What a file declares of itself must be changed in its text."""
    path = tmp_path / "page.py"
    path.write_text("# coding: utf-8\n", encoding="utf-8")
    async with staged(path) as stage:
        await picked(stage, "encoding", *"1252", "enter")
        await stage.saw("said")
        assert "declares utf-8" in stage.said[-1]


@pytest.mark.parametrize(("key", "end"), [("l", b"\n"), ("c", b"\r\n"), ("r", b"\r")])
async def test_save_with_other_line_ends(tmp_path: Path, key: str, end: bytes) -> None:
    """A file with line ends of several kinds has one kind afterwards."""
    path = tmp_path / "page.txt"
    path.write_bytes(b"a\r\nb\nc\r")
    async with staged(path) as stage:
        assert stage.app._status().form == "utf-8 mixed"
        await picked(stage, "line_ends", key)
        await stage.saw("form taken")
        assert stage.app._status().form == f"utf-8 {NEWLINES[end.decode()]}"
        await stage.press("ctrl+s")
        await stage.saw("saved")
    assert path.read_bytes() == end.join((b"a", b"b", b"c", b""))


async def test_read_in_the_encoding_that_is_meant(tmp_path: Path) -> None:
    """What was read as something else is read anew; nothing counts as changed, and none is."""
    path = tmp_path / "page.txt"
    data = "Привет\n".encode("cp1251")
    path.write_bytes(data)
    async with staged(path) as stage:
        await picked(stage, "reopen", *"1251", "enter")
        await stage.saw("reopened")
        assert stage.text == "Привет\n"
        assert not stage.app.buffers.current.modified
        await stage.press("ctrl+s")
        await stage.saw("saved")
    assert path.read_bytes() == data


async def test_bytes_that_are_something_else_are_refused(tmp_path: Path) -> None:
    """An odd number of bytes is no UTF-16: the page stays as it is."""
    path = tmp_path / "page.txt"
    path.write_bytes(b"abc")
    async with staged(path) as stage:
        await picked(stage, "reopen", *"utf-16-le", "enter")
        await stage.saw("said")
        assert "not utf-16-le" in stage.said[-1]
        assert stage.text == "abc"


async def test_indented_by_something_else(tmp_path: Path) -> None:
    """The status says by what; another is typed from then on, and the lines follow if asked."""
    path = tmp_path / "page.py"
    path.write_text("if a:\n    b\n      c\n")
    async with staged(path) as stage:
        status = stage.app.window.status_bar
        assert status.status.indent == "4 spaces"
        await picked(stage, "indentation", *"tabs", "space", *"of", "space", "8", "enter")
        await stage.saw("asked")
        await stage.press("c")
        await stage.saw("indentation chosen")
        assert stage.text == "if a:\n\tb\n\t  c\n"
        assert status.status.indent == "tabs of 8"
        await stage.press("ctrl+end", "tab")
        assert stage.text.endswith("c\n\t")
        await stage.press("ctrl+z", "ctrl+z")
        assert stage.text == "if a:\n    b\n      c\n"


async def test_indented_by_less_and_left_so(tmp_path: Path) -> None:
    """Two blanks from now on, the lines as they are; another file keeps its own."""
    path, other = tmp_path / "page.py", tmp_path / "other.py"
    path.write_text("if a:\n    b\n")
    other.write_text("if a:\n\tb\n")
    async with staged(path, other) as stage:
        await picked(stage, "indentation", *"2", "space", *"sp", "enter")
        await stage.saw("asked")
        await stage.press("escape")
        await stage.saw("indentation chosen")
        await stage.press("ctrl+end", "tab", "f6")
        assert stage.app.buffers.all[0].page.text.lines[-1] == "  "
        await stage.pilot.pause()
        assert stage.app.window.status_bar.status.indent == "tabs of 4"
        await stage.press("f6")
        await stage.pilot.pause()
        assert stage.app.window.status_bar.status.indent == "2 spaces"
