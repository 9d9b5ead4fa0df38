"""Typing into the canvas while it denoises, by keys, on the whole editor and a real worker."""

from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stage_app import Stage, staged
from textual.events import Key

from diffedit.config.models import Model
from diffedit.core import journal_file
from diffedit.core.hand import Hand

TEXT = "one\ntwo three\nfour\n"


@asynccontextmanager
async def running(folder: Path, home: Path, options: str, text: str = TEXT) -> AsyncIterator[Stage]:
    """A run over the second line that waits for what is typed; the cursor stands before "three"."""
    config = home / "config" / "settings.toml"
    config.write_text(f"[models.held]\n{options}\n", encoding="utf-8")
    path = folder / "page.txt"
    path.write_text(text, newline="")
    async with staged(path, model="held:paper") as stage:
        await stage.press("down", "home", "shift+end", "ctrl+k")
        await stage.type("louder")
        await stage.press("enter")
        await stage.begun()
        await stage.press("home", *["right"] * 4)
        yield stage


def hand_of(stage: Stage) -> Hand:
    """What is typed into the live draft."""
    draft = stage.app.buffers.current.draft
    assert draft is not None
    assert draft.hand is not None
    return draft.hand


def said_by(stage: Stage) -> str:
    """The draft under review."""
    review = stage.app.buffers.current.review
    assert review is not None
    return review.draft.text


@pytest.fixture(autouse=True)
def _installed(held: Callable[..., Model]) -> None:
    """The model is there."""


async def test_what_is_typed_goes_into_the_draft_and_is_held(tmp_path: Path, home: Path) -> None:
    """It stands where the cursor was seen, at once, and in the finished draft; the page waits."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.type("big")
        assert hand_of(stage).typed == "big"
        assert stage.text == TEXT
        assert not stage.app.buffers.current.page.can_undo
        await stage.press("!")
        await stage.saw("settled")
        assert said_by(stage).count("big!") == 1
        assert "TWO" in said_by(stage)
        await stage.type("?")
        assert "big!?" in said_by(stage)
        await stage.press("ctrl+k", "enter")
        assert "big!?" in stage.text
        assert stage.text.startswith("one\n")
        assert stage.text.endswith("\nfour\n")
        await stage.press("ctrl+z")
        assert stage.text == TEXT


async def test_esc_leaves_the_draft_with_what_was_typed(tmp_path: Path, home: Path) -> None:
    """One level back is the draft as it stood; one more is the page as it was."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.type("big")
        rank = stage.app.buffers.current.edit.rank
        await stage.press("escape")
        await stage.saw("settled")
        assert "big" in said_by(stage)
        assert stage.app.buffers.current.edit.rank < rank
        await stage.press("escape")
        assert stage.app.buffers.current.edit.stage == "select"
        assert stage.text == TEXT


async def strike(stage: Stage, base: str = TEXT) -> str | None:
    """The clock of the journal strikes; what the next session would then be offered."""
    desk, buffer = stage.app.filing.keeping, stage.app.buffers.current
    assert buffer.kept is not None
    desk._time_is_up(buffer, buffer.kept)
    await desk.ask(lambda: None)
    assert buffer.kept.file is not None
    story = journal_file.read(buffer.kept.file.path)
    assert story is not None
    return story.unsaved_text(base)


async def test_what_is_typed_into_a_draft_is_in_the_journal(tmp_path: Path, home: Path) -> None:
    """Within half a second of the first key, as it stands; once it is dropped, no more."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.saw("looked back")
        kept = stage.app.buffers.current.kept
        assert kept is not None
        await stage.type("big")
        assert kept.due
        offered = await strike(stage)
        assert offered is not None
        assert offered.startswith("one\n")
        assert offered.endswith("\nfour\n")
        assert "big" in offered
        await stage.type("ger")
        assert "bigger" in (await strike(stage) or "")
        await stage.press("escape")
        await stage.saw("settled")
        assert "bigger" in (await strike(stage) or "")
        await stage.press("escape")
        assert await strike(stage) is None
        assert kept.file is not None
        assert journal_file.ends_saved(kept.file.path)


async def test_the_journal_has_the_line_ends_of_a_mixed_file(tmp_path: Path, home: Path) -> None:
    """A model is shown none, and in the midst of a run its picture is what is kept."""
    text = "one\r\ntwo three\r\nfour\n"
    async with running(tmp_path, home, 'typing = "1"', text) as stage:
        await stage.saw("looked back")
        await stage.press("enter")
        await stage.type("big")
        offered = await strike(stage, text)
        assert offered is not None
        first, *lines, last, end = offered.split("\n")
        assert (first, last, end) == ("one\r", "four", "")
        assert len(lines) > 1
        assert all(line.endswith("\r") for line in lines)


async def test_a_draft_that_was_typed_into_and_applied_is_the_page_s(
    tmp_path: Path, home: Path
) -> None:
    """The journal tells of it once: as a change."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.saw("looked back")
        await stage.type("big!")
        await stage.saw("settled")
        assert "big!" in (await strike(stage) or "")
        await stage.press("ctrl+k", "enter")
        assert await strike(stage) == stage.text
        await stage.press("ctrl+z")
        assert await strike(stage) is None


async def test_a_worker_that_dies_loses_nothing_that_was_typed(tmp_path: Path, home: Path) -> None:
    """What was typed is a draft to be reviewed, and the line says what happened."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.type("we die")
        await stage.saw("settled")
        assert "we die" in said_by(stage)
        assert any("ended" in said for said in stage.said)
        assert stage.text == TEXT


async def test_a_model_that_drops_it_is_not_believed(tmp_path: Path, home: Path) -> None:
    """An answer without what was typed is not taken; the draft stays as it was seen."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.type("lose!")
        await stage.saw("settled")
        assert "lose!" in said_by(stage)
        assert any("did not take in" in said for said in stage.said)


async def test_keys_in_the_draft(tmp_path: Path, home: Path) -> None:
    """Backspace, arrows, enter and paste are the draft's; undo and cut leave the page alone."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.type("bigg")
        await stage.press("backspace", "left", "left", "x", "end", "enter", "y")
        hand = hand_of(stage)
        assert hand.typed.startswith("bxig")
        assert hand.typed.endswith("\ny")
        await stage.press("ctrl+z", "ctrl+x", "delete")
        assert hand_of(stage).typed == hand.typed
        assert stage.text == TEXT
        assert stage.said[-1].startswith("While it denoises only typing")
        while hand_of(stage).caret is not None:
            await stage.press("down")
        await stage.press("z")
        assert stage.text == TEXT.replace("four", "fourz", 1)


async def test_a_model_that_cannot_take_it_in_says_so(tmp_path: Path, home: Path) -> None:
    """What is typed goes to the page, the run is stopped, and one line says why."""
    async with running(tmp_path, home, 'hold = "step"') as stage:
        await stage.type("z")
        await stage.saw("said")
        assert stage.text == TEXT.replace("two three", "two zthree")
        assert "takes in nothing while it denoises" in stage.said[-1]


async def test_no_instant_of_the_journal_has_it_twice(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is typed into a gap stands in the draft and, once that is applied, in the page."""
    told = list[int]()
    add = journal_file.JournalFile.add

    def spied(file: journal_file.JournalFile, lines: Iterable[str]) -> None:
        add(file, lines)
        story = journal_file.read(file.path)
        told.append((story.unsaved_text(TEXT) or "").count("big!") if story is not None else -1)

    monkeypatch.setattr(journal_file.JournalFile, "add", spied)
    config = home / "config" / "settings.toml"
    config.write_text('[models.held]\ntyping = "1"\n', encoding="utf-8")
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    async with staged(path, model="held:paper") as stage:
        await stage.saw("looked back")
        await stage.press("down", "end", "f4", "enter")
        while not stage.app.buffers.current.session.typing:
            await stage.saw("denoising")
        await stage.type("big!")
        await stage.saw("settled")
        assert (await strike(stage) or "").count("big!") == 1
        await stage.press("ctrl+k", "enter")
        assert stage.text.count("big!") == 1
        assert await strike(stage) == stage.text
    assert set(told) == {1}


async def test_the_end_of_the_span_is_the_end_of_the_draft(tmp_path: Path, home: Path) -> None:
    """There the run leaves the cursor: what is typed goes on from the draft, and backspace back."""
    async with running(tmp_path, home, 'typing = "1"') as stage:
        await stage.press("end")
        await stage.type("bigg")
        await stage.press("backspace")
        assert stage.text == TEXT
        assert "THREE>big" in hand_of(stage).text
        await stage.press("end", "right", "z")
        assert stage.text == TEXT.replace("four", "zfour")
        await stage.press("left", "left")
        await stage.type("!")
        await stage.saw("settled")
        assert "THREE>big" in said_by(stage)
        assert said_by(stage).strip("<>").endswith("!")
        assert stage.text == TEXT.replace("four", "zfour")


@pytest.mark.parametrize(("at", "draft"), [(13, "TWO THREEzR"), (8, "TWO zRTHREE")])
@pytest.mark.parametrize("when", ["at once", "on the screen"])
async def test_a_letter_as_the_run_settles_is_the_draft_s(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch, *, at: int, draft: str, when: str
) -> None:
    """The worker has answered, and the screen does not show it yet or only just: nothing drops."""
    (home / "config" / "settings.toml").write_text('[models.held]\nsteps = "1"\n')
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    async with staged(path, model="held:paper") as stage:
        editing, editor = stage.app.editing, stage.app.window.editor
        ended = editing._ended

        def typed(*words: Any) -> None:
            assert stage.app.buffers.current.review is not None
            editor.stand(at)
            if when == "at once":
                assert editor.canvas is not None
                assert editor.canvas.typed("z")
            ended(*words)

        monkeypatch.setattr(editing, "_ended", typed)
        await stage.press("down", "home", "shift+end")
        await stage.edit("louder")
        if when == "on the screen":
            editor.focus()
            await stage.type("z")
        assert editor.has_focus
        await stage.type("R")
        assert said_by(stage) == draft
        assert stage.text == TEXT
        await stage.press("ctrl+k", "enter")
        assert stage.text == f"one\n{draft}\nfour\n"


async def test_a_letter_pressed_before_the_review_came_is_no_verdict(
    tmp_path: Path, home: Path
) -> None:
    """It waited in the queue while the run settled: R drops nothing then, and one later does."""
    (home / "config" / "settings.toml").write_text('[models.held]\nsteps = "1"\n')
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    async with staged(path, model="held:paper") as stage:
        await stage.press("down", "home", "shift+end")
        await stage.edit("louder")
        bar = stage.app.window.review_bar
        assert bar.has_focus
        early = Key("R", "R")
        early.time = bar.since - 0.001
        early.set_sender(stage.app)
        stage.app.post_message(early)
        await stage.pilot.pause()
        assert said_by(stage) == "TWO THREER"
        await stage.press("ctrl+k", "R")
        assert stage.app.buffers.current.review is None
        assert stage.text == TEXT


async def test_typing_goes_on_from_the_answer_that_is_chosen(tmp_path: Path, home: Path) -> None:
    """Not from the one that came first, which stays as it is."""
    options = 'typing = "1"\nother = "another big!"'
    async with running(tmp_path, home, options) as stage:
        await stage.type("big!")
        await stage.saw("settled")
        first = said_by(stage)
        await stage.press("ctrl+k", "]", "ctrl+k")
        await stage.type("?")
        assert said_by(stage) == "another big!?"
        await stage.press("ctrl+k", "[")
        assert said_by(stage) == first


async def test_what_is_typed_while_the_model_loads_is_seen_in_the_draft(
    tmp_path: Path, home: Path
) -> None:
    """It goes where the cursor is, and Esc leaves it as a draft: the page is as it was."""
    (home / "config" / "settings.toml").write_text('[models.held]\ntyping = "1"\nhold = "load"\n')
    path = tmp_path / "page.txt"
    path.write_text(TEXT)
    async with staged(path, model="null") as stage:
        stage.app.settings = replace(stage.app.settings, model="held:paper")
        await stage.press("down", "home", "shift+end", "ctrl+k")
        await stage.type("louder")
        await stage.press("enter")
        while not stage.app.buffers.current.session.typing:
            await stage.pilot.pause()
        await stage.type(" big")
        assert hand_of(stage).text == "two three big"
        assert "two three big" in "".join(stage.screen)
        assert stage.text == TEXT
        await stage.press("escape")
        while stage.app.buffers.current.review is None:
            await stage.pilot.pause()
        assert said_by(stage) == "two three big"
        assert stage.text == TEXT
