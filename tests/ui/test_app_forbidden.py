"""Files that may not be written: the question says what can be done, and does that."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from stage_app import staged

from diffedit.core import files
from diffedit.core.files import Form, Stamp
from diffedit.ui import forbidden
from diffedit.ui.dialogs import Ask, Line

NOBODY = 65534


@contextmanager
def common_user() -> Iterator[None]:
    """Be someone whom permissions bind, where the tests run as root."""
    root = os.geteuid() == 0
    if root:
        os.setresuid(NOBODY, NOBODY, 0)
    try:
        yield
    finally:
        if root:
            os.setresuid(0, 0, 0)


@pytest.fixture(autouse=True)
def bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """The editor is someone whom permissions bind whenever it writes a file."""
    write, user = files.write, os.geteuid() or NOBODY

    def as_common_user(path: Path, text: str, form: Form, *, over: bool = False) -> Stamp:
        with common_user():
            return write(path, text, form, over=over)

    monkeypatch.setattr(files, "write", as_common_user)
    monkeypatch.setattr(forbidden, "user", lambda: user)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that anyone may enter, unlike pytest's own."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def protected(path: Path, *, mine: bool = False) -> Path:
    """A file that its mode says is only to be read."""
    path.write_text("one\n")
    path.chmod(0o444)
    if mine and os.geteuid() == 0:
        os.chown(path, NOBODY, -1)
    return path


async def test_a_file_of_ones_own_is_written_over_its_mode(folder: Path) -> None:
    """Read-only, but yours: w writes it, and its mode stays as it was."""
    path = protected(folder / "page.py", mine=True)
    async with staged(path, journal=False) as stage:
        await stage.press("x", "ctrl+s")
        await stage.saw("asked")
        await stage.press("w")
        await stage.saw("saved")
    assert path.read_text() == "xone\n"
    assert path.stat().st_mode & 0o777 == 0o444


async def test_a_file_of_roots_can_be_written_by_a_command(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The question shows the command; s runs it with the text, and the text counts as saved."""
    path, tools = protected(folder / "page.py"), folder / "bin"
    tools.mkdir()
    # Stands for root, who needs no mode that allows it.
    (tools / "sudo").write_text('#!/bin/sh\nchmod 666 "$3" && exec "$@"\n')
    (tools / "sudo").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    monkeypatch.setattr(forbidden, "_is_mine", lambda _: False)
    async with staged(path, journal=False) as stage:
        await stage.press("x", "ctrl+s")
        await stage.saw("asked")
        screen = stage.app.screen
        assert isinstance(screen, Ask)
        assert f"as root: sudo tee -- {path}" in [one.label for one in screen._choices]
        await stage.press("escape")
        await stage.pilot.pause()
        assert path.read_text() == "one\n"
        await stage.press("ctrl+s")
        await stage.saw("asked")
        await stage.press("s")
        await stage.saw("saved")
        assert [buffer.modified for buffer in stage.app.buffers.all] == [False]
    assert path.read_text() == "xone\n"


async def test_it_can_be_saved_elsewhere_instead(folder: Path) -> None:
    """A asks for another name, and the text goes by that."""
    path, other = protected(folder / "page.py"), folder / "mine.py"
    async with staged(path, journal=False) as stage:
        await stage.press("x", "ctrl+s")
        await stage.saw("asked")
        await stage.press("a")
        await stage.saw("asked")
        assert isinstance(stage.app.screen, Line)
        await stage.press("ctrl+u")
        await stage.type(str(other))
        await stage.press("enter")
        await stage.saw("saved")
        await stage.pilot.pause()
        assert stage.app.buffers.current.path == other
    assert other.read_text() == "xone\n"
    assert path.read_text() == "one\n"
