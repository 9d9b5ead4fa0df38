"""While the wish is typed, the worker is told which place it will be about."""

from __future__ import annotations

from pathlib import Path

import pytest
from stage_app import Stage, staged

from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task

TEXT = "def f(x):\n    y = 1\n\n    return y\n"


@pytest.fixture
def page(tmp_path: Path) -> Path:
    path = tmp_path / "a.py"
    path.write_text(TEXT)
    return path


def watched(stage: Stage) -> list[Task]:
    """What the worker is told, from here on."""
    told = list[Task]()
    tell = stage.app.client.prefill

    def prefill(task: Task, params: DenoiseParams) -> None:
        told.append(task)
        tell(task, params)

    stage.app.client.prefill = prefill  # type: ignore[method-assign]
    return told


async def test_a_gap_is_told_of_as_the_bar_opens_and_as_it_gets_a_wish(page: Path) -> None:
    """Once without words, once with the first of them, once where they are gone; Esc tells none."""
    async with staged(page) as stage:
        await stage.saw("loaded")
        told = watched(stage)
        await stage.press("down", "down", "ctrl+k")
        await stage.saw("told ahead")
        gap = Task(
            text="",
            before="def f(x):\n    y = 1\n",
            after="\n    return y\n",
            mode="infill",
            language="python",
        )
        assert told == [gap]
        await stage.type("double")
        await stage.saw("told ahead")
        assert [task.instruction for task in told] == ["", "d"]
        await stage.press("ctrl+u")
        await stage.saw("told ahead")
        assert [task.instruction for task in told] == ["", "d", ""]
        await stage.press("escape")
        await stage.saw("closed")
        assert len(told) == 3


async def test_a_span_is_told_of_once_and_another_mode_or_pin_again(page: Path) -> None:
    """The words of a rewrite count for nothing; what is asked for and what stays does."""
    async with staged(page) as stage:
        await stage.saw("loaded")
        told = watched(stage)
        await stage.press("shift+down", "shift+down", "ctrl+k")
        await stage.saw("told ahead")
        await stage.type("add hints")
        assert [(task.text, task.mode) for task in told] == [("def f(x):\n    y = 1", "rewrite")]
        await stage.press("alt+p")
        await stage.saw("told ahead")
        assert told[-1].text == "\n    y = 1"
        await stage.press("alt+p", "alt+p", "alt+p", "tab")
        await stage.saw("told ahead")
        assert (told[-1].mode, told[-1].instruction) == ("infill", "add hints")
        assert not stage.said


async def test_another_place_or_page_is_told_of_as_it_is(page: Path) -> None:
    """What was told of before does not matter: the text may have changed since."""
    async with staged(page) as stage:
        await stage.saw("loaded")
        told = watched(stage)
        await stage.press("down", "down", "ctrl+k")
        await stage.saw("told ahead")
        await stage.press("escape", "up", "end", "2", "down", "ctrl+k")
        await stage.saw("told ahead")
        assert told[-1].before == "def f(x):\n    y = 12\n"


async def test_what_goes_with_a_picture_is_not_told_of(page: Path) -> None:
    """It is in front of all else, and may be another by the time it is sent."""
    async with staged(page) as stage:
        await stage.saw("loaded")
        told = watched(stage)
        stage.app.window.prompt.put("as in @shot.png")
        await stage.press("down", "down", "ctrl+k")
        await stage.pilot.pause()
        assert told == []


async def test_no_model_is_started_and_one_that_comes_is_told(page: Path) -> None:
    """A bar that is open before the model is there tells of its place once it is."""
    async with staged(page) as stage:
        told = watched(stage)
        await stage.press("down", "down", "ctrl+k")
        await stage.pilot.pause()
        assert (told, stage.app.client.alive) == ([], False)
        await stage.saw("loaded")
        await stage.saw("told ahead")
        assert len(told) == 1


async def test_another_model_is_told_of_the_same_place(page: Path) -> None:
    """One that is chosen while the bar is open, once it is loaded."""
    async with staged(page, model="null") as stage:
        await stage.saw("loaded")
        told = watched(stage)
        await stage.press("down", "down", "ctrl+k")
        await stage.saw("told ahead")
        await stage.app.models.choose("hello")
        await stage.saw("told ahead")
        assert told == [told[0]] * 2
