"""Several cursors, one instruction: their selections are denoised in one canvas, one undo."""

from collections.abc import Callable
from pathlib import Path

import pytest
from stage_app import Stage, staged

from diffedit.config.models import Model
from diffedit.core.hand import Hand
from diffedit.core.span import Selection, Span

TEXT = "from a import one\n\nLIMIT = 10\nMOST = 20\n\n\ndef two(one, three):\n    return one\n"
BETWEEN = "\n\nLIMIT = 10\nMOST = 20\n\n\ndef two(one, three):\n    "


def file(folder: Path) -> Path:
    """A module that uses what it imports, far below."""
    path = folder / "page.py"
    path.write_text(TEXT)
    return path


async def mark(stage: Stage) -> None:
    """Select the import, and the last line with one more cursor."""
    editor = stage.app.window.editor
    editor.select_spans((Span(0, 17), Span(len(TEXT) - 11, len(TEXT) - 1)))
    await stage.pilot.pause()


async def test_the_places_of_all_cursors_are_one_edit(tmp_path: Path) -> None:
    """Both land in one undo; what is between is seen as it is and never moves."""
    async with staged(file(tmp_path)) as stage:
        await mark(stage)
        await stage.press("ctrl+k")
        heading = str(stage.app.window.prompt.query_one("#prompt-heading").render())
        assert "2 places in lines 1–8 of page.py" in heading
        assert len(stage.app.window.editor.selected_spans()) == 2
        await stage.type("louder")
        await stage.press("enter")
        await stage.saw("settled")
        buffer = stage.app.buffers.current
        link = buffer.edit.link
        assert link is not None
        assert BETWEEN in link.draft.text
        for frame in link.film.frames:
            assert BETWEEN in frame.text
        assert any("LIMIT = 10" in row for row in stage.screen)
        assert stage.text == TEXT
        await stage.press("A")
        await stage.saw("applied")
        assert BETWEEN in stage.text
        assert stage.text != TEXT
        await stage.press("ctrl+z")
        assert stage.text == TEXT
        assert not buffer.page.can_undo


async def test_esc_in_the_bar_brings_every_cursor_back(tmp_path: Path) -> None:
    """Closed without a word, all is selected as it was; so it is after a dropped draft."""
    async with staged(file(tmp_path)) as stage:
        await mark(stage)
        editor = stage.app.window.editor
        before = editor.selected_spans()
        await stage.press("ctrl+k", "escape")
        await stage.pilot.pause()
        assert editor.selected_spans() == before
        await stage.edit()
        await stage.press("escape")
        await stage.pilot.pause()
        assert editor.selected_spans() == before
        assert stage.text == TEXT


async def test_cursors_without_a_selection_stand_for_their_lines(tmp_path: Path) -> None:
    """Two bare cursors on lines 3 and 4 ask for these two lines, their newlines left out."""
    async with staged(file(tmp_path)) as stage:
        editor = stage.app.window.editor
        editor.select_span(Span(21, 21))
        editor.stand_at([Selection.at(32)])
        await stage.press("ctrl+k")
        aim = stage.app.buffers.current.aim
        assert aim is not None
        assert aim.places == (Span(19, 29), Span(30, 39))
        assert aim.between == ((10, 11),)


async def test_while_it_denoises_the_lines_between_are_the_pages_own(tmp_path: Path) -> None:
    """They carry their numbers and colours and no mark of a canvas, in the steps as in the run."""
    async with staged(file(tmp_path)) as stage:
        await mark(stage)
        await stage.edit()
        await stage.press("left")
        await stage.saw("steps")
        overlay = stage.app.window.editor.overlay
        assert overlay is not None
        assert dict(overlay.lines) == {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 6}
        assert [overlay.marks[row] for row in range(1, 7)] == [" "] * 6
        (row,) = [row for row in stage.screen if "LIMIT = 10" in row]
        assert row.split() == ["3", "LIMIT", "=", "10"]


async def test_the_tokens_between_are_passed_over(tmp_path: Path) -> None:
    """Tab and u go from place to place: nothing between can be marked or exchanged."""
    async with staged(file(tmp_path)) as stage:
        await mark(stage)
        await stage.edit()
        await stage.press("left")
        await stage.saw("steps")
        await stage.press("end")
        looks = set[int]()
        buffer = stage.app.buffers.current
        for _ in range(30):
            await stage.press("tab")
            assert buffer.look is not None
            assert buffer.look.token is not None
            looks.add(buffer.look.token.start)
        text = buffer.look.text if buffer.look else ""
        first, last = text.index(BETWEEN), text.index(BETWEEN) + len(BETWEEN)
        assert looks
        assert not {at for at in looks if first <= at < last}


def hand_of(stage: Stage) -> Hand:
    """What is typed into the live draft."""
    draft = stage.app.buffers.current.draft
    assert draft is not None
    assert draft.hand is not None
    return draft.hand


@pytest.mark.parametrize("clamp", ["", 'clamp = "1"'])
async def test_typing_goes_into_the_place_where_the_cursor_is(
    tmp_path: Path, home: Path, held: Callable[..., Model], clamp: str
) -> None:
    """Into both places by keys, not between them; all of it is in the draft and in one undo."""
    del held
    config = home / "config" / "settings.toml"
    config.write_text(f'[models.held]\ntyping = "1"\n{clamp}\n', encoding="utf-8")
    async with staged(file(tmp_path), model="held:paper") as stage:
        await mark(stage)
        await stage.press("ctrl+k")
        await stage.type("louder")
        await stage.press("enter")
        await stage.begun()
        assert len(stage.app.window.editor.selected_spans()) == 1
        await stage.press("ctrl+home", *["right"] * 5, "x", "y")
        while hand_of(stage).caret is not None:
            await stage.press("down")
        assert hand_of(stage).typed == "xy"
        await stage.press(*["up"] * 4, "end", "z", "z")
        assert stage.said[-1].startswith("This stays as it is")
        assert stage.said.count(stage.said[-1]) == 1
        await stage.press("backspace")
        await stage.press("ctrl+end", "up", *["right"] * 6, "Q")
        assert stage.text == TEXT
        assert hand_of(stage).typed == "xyQ"
        await stage.type("!")
        if not clamp:
            await stage.press("ctrl+home", *["right"] * 3, "!")
        await stage.saw("settled")
        review = stage.app.buffers.current.review
        assert review is not None
        text = review.draft.text
        assert BETWEEN in text
        assert "xy" in text.split(BETWEEN)[0]
        assert "Q!" in text.split(BETWEEN)[1]
        await stage.press("ctrl+k", "enter")
        assert stage.text == f"{text}\n"
        await stage.press("ctrl+z")
        assert stage.text == TEXT
