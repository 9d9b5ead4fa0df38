"""Finding files: by a few letters, by the tree, by what was open last."""

from pathlib import Path

import pytest
from rich.cells import cell_len
from stage_app import staged

from diffedit.ui import recent
from diffedit.ui.picker import Picker
from diffedit.ui.tree import FileTree


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A small project to stand in."""
    for name in ("a.py", "deep/b_file.py", "deep/other\x1b[31m.py"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"# {file.name!r}\n")
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


async def test_open_by_name(project: Path) -> None:
    """F5, a few letters, Enter: the file is open in a tab of its own."""
    async with staged(project / "a.py") as stage:
        await stage.press("f5")
        await stage.saw("names")
        await stage.press("b", "f", "enter")
        await stage.pilot.pause()
        assert [buffer.name for buffer in stage.app.buffers.all] == ["a.py", "b_file.py"]
        assert stage.app.buffers.current.name == "b_file.py"


async def test_what_was_open_last_comes_first(project: Path) -> None:
    """The next session offers the files of the last one, newest first, without the one shown."""
    for name in ("deep/b_file.py", "a.py"):
        recent.note(project / name)
    recent.note(project / "gone.py")
    recent.note(project / ".git" / "COMMIT_EDITMSG")
    assert recent.read() == [str(project / name) for name in ("a.py", "deep/b_file.py")]
    async with staged(project / "a.py") as stage:
        await stage.press("f5")
        await stage.saw("asked")
        await stage.press("enter")
        await stage.pilot.pause()
        assert stage.app.buffers.current.name == "b_file.py"


async def test_nothing_fits(project: Path) -> None:
    """Letters that fit nothing say so; Enter then does nothing, Esc leaves."""
    async with staged(project / "a.py") as stage:
        await stage.press("f5")
        await stage.saw("names")
        await stage.press("q", "q", "enter", "down", "up")
        assert isinstance(stage.app.screen, Picker)
        await stage.press("escape")
        await stage.pilot.pause()
        assert len(stage.app.buffers.all) == 1


async def test_the_tree(project: Path) -> None:
    """F7 shows the tree, Enter opens from it, Esc leaves it, F7 goes back, F7 there hides it."""
    async with staged(project / "a.py", size=(80, 24)) as stage:
        await stage.press("f7")
        tree = stage.app.screen.query_one(FileTree)
        await tree.reload()
        await stage.pilot.pause()
        assert tree.has_focus
        await stage.press("down", "enter")
        await stage.pilot.pause()
        focused = []
        for key in ("escape", "f7"):
            await stage.press(key)
            focused.append(stage.app.focused)
        assert focused == [stage.app.window.editor, tree]
        await stage.press("f7")
        await stage.pilot.pause()
        assert not stage.app.screen.query(FileTree)
        assert stage.app.window.editor.has_focus


async def test_a_name_in_the_tree_is_shown_not_obeyed(project: Path) -> None:
    """An escape sequence in a file's name reaches no terminal, from the tree or from the list."""
    async with staged(project / "a.py") as stage:
        stage.app.window.show_tree(project / "deep", stage.app.filing.finding.open)
        await stage.pilot.pause()
        tree = stage.app.screen.query_one(FileTree)
        await tree.reload()
        await stage.pilot.pause()
        painted = "".join(strip.text for strip in stage.app.screen._compositor.render_strips())
        assert "\x1b" not in painted
        assert "␛[31m" in painted
        await stage.press("escape", "f5")
        await stage.saw("names")
        await stage.pilot.pause()
        painted = "".join(strip.text for strip in stage.app.screen._compositor.render_strips())
        assert "\x1b" not in painted
        assert "␛[31m" in painted


async def test_the_edge_of_the_tree_stands_in_one_column(project: Path) -> None:
    """A name may be cut within an emoji joined of several: no row is a cell wider than others."""
    family = "\u200d".join("👨👩👧")
    for length in range(18, 27):
        (project / "deep" / f"{'b' * length}{family}{family}.py").touch()
    async with staged(project / "a.py") as stage:
        stage.app.window.show_tree(project / "deep", stage.app.filing.finding.open)
        await stage.pilot.pause()
        tree = stage.app.screen.query_one(FileTree)
        await tree.reload()
        await stage.pilot.pause()
        rows = stage.app.screen._compositor.render_strips()[: tree.region.height]
        assert {cell_len(row.text) for row in rows} == {stage.app.size.width}
        edge = tree.region.right - 1
        assert {row.crop(edge, edge + 1).text for row in rows} == {"▕"}
