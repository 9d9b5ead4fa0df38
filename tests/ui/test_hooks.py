"""Plugins around a file and an edit: opened, saved, held back by a check."""

from pathlib import Path

from stage_app import script, staged

from diffedit.config import paths

CHECK = """
from diffedit.api import Problem

def check(rewrite):
    for number, line in enumerate(rewrite.text.split("\\n"), start=1):
        if "bad" in line:
            yield Problem(line=number, message=f"{line!r} is bad")
"""
SHOUT = """
def change(context):
    context.notify(f"{context.path.name} in {context.language}")
    context.replace(type(context.selection)(0, 1), "X")
"""


def install(kind: str, code: str, *, entry: str) -> None:
    """A plugin in your own folder."""
    folder = paths.config_dir() / "plugins" / f"my-{kind}"
    folder.mkdir(parents=True)
    (folder / "plugin.toml").write_text(
        f'name = "my-{kind}"\nkind = "{kind}"\nentry = "it:{entry}"\napi = 1\n'
    )
    (folder / "it.py").write_text(code)


def page(folder: Path) -> Path:
    """A file to edit."""
    path = folder / "page.py"
    path.write_text("one = 1\n")
    return path


async def test_a_check_holds_an_edit_back_once(tmp_path: Path) -> None:
    """What a check has against an edit is said, the page stays; the same key again applies it."""
    install("check", CHECK, entry="check")
    model = script(tmp_path, text="bad = 1")
    async with staged(page(tmp_path), model=model, gates=("my-check",)) as stage:
        await stage.edit()
        await stage.press("enter")
        await stage.saw("objected")
        assert "my-check, line 1: 'bad = 1' is bad. The same key again applies it." in stage.said
        assert stage.text == "one = 1\n"
        await stage.press("enter")
        assert stage.text == "bad = 1\n"


async def test_an_edit_without_objections_goes_in(tmp_path: Path) -> None:
    """A check that finds nothing is not heard of; one undo takes the edit back."""
    install("check", CHECK, entry="check")
    model = script(tmp_path, text="good = 1")
    async with staged(page(tmp_path), model=model, gates=("my-check",)) as stage:
        await stage.edit()
        await stage.press("A")
        await stage.saw("applied")
        assert stage.text == "good = 1\n"
        await stage.press("ctrl+z")
        assert stage.text == "one = 1\n"


async def test_a_check_that_breaks_is_told_and_harms_nothing(tmp_path: Path) -> None:
    """A check that raises is one line; one that is not there too; the edit can still go in."""
    install("check", "def check(rewrite):\n    raise KeyError('oh')\n", entry="check")
    model = script(tmp_path, text="good = 1")
    async with staged(page(tmp_path), model=model, gates=("my-check", "gone")) as stage:
        await stage.edit()
        await stage.press("enter")
        await stage.saw("objected")
        assert any("The check 'my-check' failed: KeyError: 'oh'" in line for line in stage.said)
        await stage.press("enter")
        assert stage.text == "good = 1\n"


async def test_a_plugin_sees_a_file_that_is_opened(tmp_path: Path) -> None:
    """It is told once of each file, and what it does can be undone."""
    install("open", SHOUT, entry="change")
    async with staged(page(tmp_path)) as stage:
        await stage.press("f6", "f6")
        assert stage.said.count("page.py in python") == 1
        assert stage.text == "Xne = 1\n"
        await stage.press("ctrl+z")
        assert stage.text == "one = 1\n"


async def test_a_plugin_changes_what_is_saved(tmp_path: Path) -> None:
    """What it makes of the text is what is written."""
    install("save", SHOUT, entry="change")
    path = page(tmp_path)
    async with staged(path) as stage:
        await stage.press("ctrl+s")
        await stage.saw("saved")
        assert path.read_text() == "Xne = 1\n"


async def test_a_plugin_that_breaks_does_not_keep_a_file_from_being_saved(tmp_path: Path) -> None:
    """It is one line, and the text is on disk."""
    install("save", "def change(context):\n    raise KeyError('oh')\n", entry="change")
    path = page(tmp_path)
    async with staged(path) as stage:
        await stage.press("z", "ctrl+s")
        await stage.saw("saved")
        assert path.read_text() == "zone = 1\n"
        assert any("The save 'my-save' failed: KeyError: 'oh'" in line for line in stage.said)
