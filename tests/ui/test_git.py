"""Signs of what differs from git's index, the walk through them, and the way back."""

import shutil
import subprocess
from pathlib import Path
from random import Random

import pytest
from stage_app import staged

from diffedit.core.text import Text
from diffedit.ui.git_desk import taken_back
from diffedit.ui.git_marks import changes, marks

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
LINES = [f"line {number}" for number in range(12)]


def repository(folder: Path, *, trap: Path | None = None) -> Path:
    """A file that git knows; and a program that the repository wants run, if there is a trap."""
    text = "\n".join((*LINES, ""))
    path = folder / "page.py"
    path.write_text(text, encoding="utf-8")
    for words in (("init", "-q"), ("add", "page.py")):
        subprocess.run(("git", *words), cwd=folder, check=True, capture_output=True)
    if trap is not None:
        subprocess.run(("git", "config", "core.fsmonitor", str(trap)), cwd=folder, check=True)
    return path


def test_each_kind_of_change_has_its_sign() -> None:
    """A new line, another one, lines gone below and above: one sign each, and no sign else."""
    old, new = [*"abcdefgh"], [*"bXdeyfh"]
    assert marks(changes(old, new)) == {0: "‾", 1: "~", 4: "+", 5: "_"}
    assert marks(changes(old, old)) == {}


def test_taking_back_every_change_gives_what_git_has() -> None:
    """Whatever the two texts are, the changes taken back one after the other lead to the old."""
    random = Random(3)
    for _ in range(400):
        old = random.choices("abc", k=random.randint(0, 7))
        text = Text("\n".join(random.choices("abc", k=random.randint(0, 7))))
        base = "\n".join(old).split("\n")
        for _ in range(20):
            blocks = changes(base, text.lines)
            if not blocks:
                break
            change = taken_back(text, base, random.choice(blocks))
            text.replace(change.span, change.text)
        assert str(text) == "\n".join(old)


def test_a_long_text_is_compared_where_it_differs() -> None:
    """In a hundred thousand lines one changed line is found, and only that one."""
    old = [f"line {number}" for number in range(100_000)]
    new = [*old[:70_000], "other", *old[70_001:]]
    assert marks(changes(old, new)) == {70_000: "~"}


async def test_a_change_is_marked_walked_to_and_taken_back(tmp_path: Path) -> None:
    """A sign stands beside the changed line; alt+h goes there, alt+v takes it back, undo undoes."""
    path = repository(tmp_path)
    before = path.read_text()
    path.write_text(before.replace("line 5", "other").replace("line 8\n", ""))
    async with staged(path) as stage:
        await stage.saw("git looked")
        changed = str(stage.app.buffers.current.page.text)
        assert [row[3] for row in stage.screen[:9]] == [*"     ~ _ "]
        await stage.press("alt+h", "alt+v")
        assert stage.text == changed.replace("other", "line 5")
        await stage.press("alt+h", "alt+v")
        assert stage.text == before
        await stage.press("alt+h")
        assert "as git has it" in stage.said[-1]
        await stage.press("ctrl+z", "ctrl+z")
        assert stage.text == changed


async def test_signs_follow_what_is_typed(tmp_path: Path) -> None:
    """A line put in above moves the signs along at once; when it is quiet it has its own."""
    path = repository(tmp_path)
    path.write_text(path.read_text().replace("line 5", "other"))
    async with staged(path) as stage:
        await stage.saw("git looked")
        await stage.press("enter")
        await stage.pilot.pause()
        assert stage.app.window.editor.scene.changes.get(6) == "~"
        stage.app.hooks.git._mark()
        assert stage.app.window.editor.scene.changes == {0: "+", 6: "~"}


async def test_without_git_nothing_is_marked(tmp_path: Path) -> None:
    """A file that no repository knows has no signs, and the command says why."""
    path = tmp_path / "page.py"
    path.write_text("x\n")
    async with staged(path) as stage:
        await stage.saw("git looked")
        await stage.press("alt+h")
        assert "Git holds nothing" in stage.said[-1]


async def test_a_repository_names_no_program_to_run(tmp_path: Path) -> None:
    """A folder that came with a program in its git settings does not get it run."""
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n")
    trap.chmod(0o755)
    path = repository(tmp_path, trap=trap)
    async with staged(path) as stage:
        await stage.saw("git looked")
        assert stage.app.hooks.git._base is not None
    assert not (tmp_path / "sprung").exists()


async def test_blanks_are_trimmed_at_a_save_where_that_is_asked(tmp_path: Path) -> None:
    """With `trim_on_save` the blanks at line ends go, as one step, and the cursor stays."""
    path = tmp_path / "page.py"
    path.write_text("a  \nb\t\n")
    async with staged(path, trim_on_save=True) as stage:
        await stage.press("end", "ctrl+s")
        await stage.saw("saved")
        assert path.read_text() == "a\nb\n"
        await stage.press("ctrl+z")
        assert stage.text == "a  \nb\t\n"
