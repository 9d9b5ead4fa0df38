"""The steps and the tokens of a settled draft, by keys, on the whole editor."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from math import log
from pathlib import Path
from typing import Any

from stage_app import Stage, script, staged
from textual import events

from diffedit.core.edit import Edit
from diffedit.core.heat import Choice, Scored, Token
from diffedit.engine.backend import Abilities
from diffedit.ui.look import Look
from diffedit.ui.look_bar import about_token

TEXT = "def total(prices, tax):\n    result = 0\n    return result + tax\n"
FRAMES = [
    [["def ", "accepted", 0.0], ["foo", "noise", 2.0], ["(): ?", "noise", 1.2]],
    [["def ", "accepted", 0.0], ["sum", "accepted", 0.9], ["():\n    ?", "noise", 0.2]],
    [["def ", "accepted", 0.0], ["total", "accepted", 0.5], ["():\n    pass", "accepted", 0.0]],
]
DRAFT = "def total():\n    pass"


@asynccontextmanager
async def settled(folder: Path, model: str = "") -> AsyncIterator[Stage]:
    """A draft of the one function, under review; scripted unless a model is named."""
    path = folder / "page.py"
    path.write_text(TEXT)
    model = model or script(folder, text=DRAFT, frames=FRAMES)
    async with staged(path, model=model) as stage:
        await stage.edit()
        yield stage


def edit_of(stage: Stage) -> Edit:
    """Where the edit stands."""
    return stage.app.buffers.current.edit


def look_of(stage: Stage) -> Look:
    """Where the person looks."""
    look = stage.app.buffers.current.look
    assert look is not None
    return look


def page(stage: Stage) -> str:
    """The rows of the page, without their edges."""
    return "\n".join(row[4:] for row in stage.screen)


async def test_left_and_right_scrub_in_place(tmp_path: Path) -> None:
    """Left shows the step before, in the page; right comes back; the text never moves."""
    async with settled(tmp_path) as stage:
        await stage.press("left")
        assert "def sum():" in page(stage)
        assert stage.app.window.look_bar.has_focus
        await stage.press("left", "left")
        assert "def foo(): ?" in page(stage)
        assert edit_of(stage).step == 0
        await stage.press("end")
        assert "def total():" in page(stage)
        assert stage.text == TEXT


async def test_esc_leads_back_level_by_level(tmp_path: Path) -> None:
    """From the steps to the hunks, from the hunks to the text, every byte as before."""
    async with settled(tmp_path) as stage:
        before = edit_of(stage).rank
        await stage.press("left", "escape")
        assert edit_of(stage).stage == "review"
        assert stage.app.window.review_bar.has_focus
        assert before == edit_of(stage).rank == 1
        await stage.press("escape")
        assert edit_of(stage).stage == "select"
        assert stage.text == TEXT
        assert not stage.app.buffers.current.page.can_undo


async def test_a_step_may_be_taken(tmp_path: Path) -> None:
    """Enter on an earlier step puts it under review; enter again applies it, in one undo."""
    async with settled(tmp_path) as stage:
        await stage.press("left", "enter")
        assert edit_of(stage).stage == "review"
        await stage.press("enter")
        assert stage.text == "def sum():\n    ?\n"
        await stage.press("ctrl+z")
        assert stage.text == TEXT


async def test_a_run_plays_again_and_ends_at_its_end(tmp_path: Path) -> None:
    """Space plays from the start, at a pace of its own; at the end it stops."""
    async with settled(tmp_path) as stage:
        await stage.press("left", "plus", "plus", "home", "space")
        await stage.saw("played")
        assert edit_of(stage).step == 2
        assert not look_of(stage).playing
        assert look_of(stage).pace == 32


async def test_heat_is_bars_under_the_unsure(tmp_path: Path) -> None:
    """Eight levels, no colour needed: the bar's height says it; sure tokens have none."""
    async with settled(tmp_path) as stage:
        await stage.press("h")
        rows = page(stage).split("\n")
        row = next(n for n, text in enumerate(rows) if "def total():" in text)
        assert rows[row + 1].strip() == "▄▄▄▄▄"
        assert rows[row + 1].index("▄") == rows[row].index("total")
        await stage.press("h")
        assert "▄" not in page(stage)


async def test_u_goes_to_the_least_sure_token(tmp_path: Path) -> None:
    """The bar names it, and that this model tells no alternatives."""
    async with settled(tmp_path) as stage:
        await stage.press("u")
        await stage.saw("unsure")
        token = look_of(stage).token
        assert token is not None
        assert token.text == "total"
        bar = str(stage.app.window.look_bar.render())
        assert "61% sure as it wrote" in bar
        assert "no alternatives" in bar


async def draw(stage: Stage, *words: str) -> None:
    """Press the mouse on the first of these words of the page, draw over the others, let go."""
    editor = stage.app.window.editor
    rows = ["".join(part.text for part in editor.render_line(y)) for y in range(10)]

    def at(kind: type[events.MouseEvent], word: str) -> Any:
        y = next(number for number, row in enumerate(rows) if word in row)
        x = rows[y].index(word)
        return kind(editor, x, y, 0, 0, 1, shift=False, meta=False, ctrl=False)

    await editor._on_mouse_down(at(events.MouseDown, words[0]))
    for word in words[1:]:
        await editor._on_mouse_move(at(events.MouseMove, word))
    await editor._on_mouse_up(at(events.MouseUp, words[-1]))


async def test_a_click_marks_a_word_and_another_frees_it(tmp_path: Path) -> None:
    """With the heat on or off; the keys stay with the draft, and the page is as it was."""
    async with settled(tmp_path) as stage:
        await stage.press("h")
        for _ in range(2):
            await draw(stage, "total():")
            assert look_of(stage).marked == ((4, 9),)
            await draw(stage, "total():")
            assert look_of(stage).marked == ()
            await stage.press("h")
        assert stage.app.window.look_bar.has_focus
        assert edit_of(stage).looking
        assert stage.text == TEXT


async def test_a_drag_marks_all_that_it_goes_over(tmp_path: Path) -> None:
    """From the first word to the one it is over, over lines; what was marked stays marked."""
    async with settled(tmp_path) as stage:
        await stage.press("h")
        await draw(stage, "def total", "total():")
        assert look_of(stage).marked == ((0, 9),)
        await draw(stage, "total():")
        # The blank behind the word stays as it is; between two words it goes along.
        assert look_of(stage).marked == ((0, 3),)
        await draw(stage, "total():")
        assert look_of(stage).marked == ((0, 9),)
        await draw(stage, "total():")
        await draw(stage, "total():", "pass")
        assert look_of(stage).marked == ((0, len(DRAFT)),)
        assert look_of(stage).token is not None
        await stage.press("t")
        await stage.saw("settled")
        assert edit_of(stage).links[-1].parent == 0


async def test_a_click_beside_the_words_is_the_page_s(tmp_path: Path) -> None:
    """On another line of the page it marks nothing."""
    path = tmp_path / "page.py"
    path.write_text(f"{TEXT}\n\nother = 1\n")
    async with staged(path, model=script(tmp_path, text=DRAFT, frames=FRAMES)) as stage:
        await stage.edit()
        await stage.press("h")
        await draw(stage, "other")
        assert look_of(stage).marked == ()


async def test_what_a_model_cannot_do_is_said(tmp_path: Path) -> None:
    """A recording cannot be forked and has no other tokens to choose."""
    async with settled(tmp_path) as stage:
        await stage.press("left", "f")
        assert any("cannot be forked" in line or "can be forked" in line for line in stage.said)
        assert edit_of(stage).stage == "settled"
        await stage.press("end", "tab", "1")
        assert any("no alternatives" in line for line in stage.said)


async def test_a_pin_holds_while_the_rest_is_asked_for_again(tmp_path: Path) -> None:
    """P pins the first line; a follow-up changes others only, byte for byte."""
    async with settled(tmp_path, "null") as stage:
        await stage.press("h", "tab", "P", "escape")
        head = edit_of(stage).links[0].draft.text.split("\n")[0]
        assert edit_of(stage).links[0].pins == ((0, len(head)),)
        await stage.press("i")
        await stage.type("more")
        await stage.press("enter")
        await stage.saw("settled")
        edit = edit_of(stage)
        assert (len(edit.links), edit.at, edit.links[1].kind) == (2, 1, "follow up")
        assert edit.links[1].draft.text.split("\n")[0] == head
        await stage.press("escape")
        assert edit_of(stage).at == 0
        await stage.press("right_curly_bracket")
        assert edit_of(stage).at == 1


async def test_a_choice_settles_the_rest_anew(tmp_path: Path) -> None:
    """Tab to a word, pick another from the list: it stands in the new draft, as a pin."""
    async with settled(tmp_path, "null") as stage:
        await stage.press("h")
        await stage.saw("scored")
        await stage.press("tab", "tab")
        token = look_of(stage).token
        assert token is not None
        number = next(n for n, c in enumerate(token.choices) if c.text not in (token.text, "def"))
        choice = token.choices[number].text
        await stage.press(str(number + 1))
        await stage.saw("settled")
        link = edit_of(stage).link
        assert link is not None
        assert link.kind == "choice"
        start = link.pins[0][0]
        assert choice in link.draft.text[start : link.pins[0][1]]


async def test_the_brush_marks_words_and_only_they_are_thought_through(tmp_path: Path) -> None:
    """M marks and goes on, t denoises what is marked; all else stays as it was."""
    async with settled(tmp_path, "null") as stage:
        before = edit_of(stage).links[0].draft.text
        await stage.press("h", "tab", "tab", "m", "t")
        await stage.saw("settled")
        link = edit_of(stage).link
        assert link is not None
        assert link.kind == "brush"
        assert link.draft.text != before
        assert link.draft.text.split("(")[1] == before.split("(")[1]


async def test_a_fork_is_asked_for_and_esc_leads_back_to_the_step(tmp_path: Path) -> None:
    """F opens the bar with the words as they were; esc closes it over the same step."""
    async with settled(tmp_path, "null") as stage:
        await stage.press("left", "left", "f")
        assert stage.app.window.prompt.text == "do it"
        step = edit_of(stage).step
        await stage.press("escape")
        assert (edit_of(stage).stage, edit_of(stage).step) == ("settled", step)
        await stage.press("f", "enter")
        await stage.saw("settled")
        link = edit_of(stage).link
        assert link is not None
        assert (link.kind, link.parent) == ("fork", 0)


async def test_proofreading_goes_to_the_most_surprising_word(tmp_path: Path) -> None:
    """F8 reads the block as it stands; a misspelt name is first, its repair is a digit away."""
    path = tmp_path / "page.py"
    path.write_text("value = 1\nvalue = value + valeu + value\n")
    async with staged(path, model="null") as stage:
        await stage.saw("loaded")
        await stage.press("ctrl+a", "f8")
        await stage.saw("proofread")
        while (token := look_of(stage).token) is not None and token.text != "valeu":
            await stage.press("u")
            await stage.saw("unsure")
        assert token is not None
        number = next(n for n, choice in enumerate(token.choices) if choice.text == "value")
        await stage.press(str(number + 1))
        await stage.saw("settled")
        assert edit_of(stage).links[-1].draft.text.split("\n")[1].count("value") >= 2
        await stage.press("escape", "escape")
        assert stage.text == path.read_text()


def test_the_number_of_a_token_is_the_one_in_the_list_or_says_why_not() -> None:
    """Read as it stands, both are the token's own chance; a run had a doubt of its own."""
    scores = [Scored("x", -log(0.2), 1.5, (Choice("y", 0.6), Choice("x", 0.2), Choice("z", 0.001)))]
    look = Look(text="x", tokens=(Token(0, "x", None),), states=("accepted",), at=0)
    read = str(about_token(look.scored(scores), None))
    assert read == " x  ▇ 20% likely here   1 y 60%  2 x 20%  3 z <1%"
    assert str(about_token(look.proof(scores), None)) == read
    run = replace(look, tokens=(Token(0, "x", -log(0.5)),))
    assert str(about_token(run, Abilities(score=True))) == " x  ▅ 50% sure as it wrote "
    wrote = str(about_token(run.scored(scores), None))
    assert "x  ▅ 50% sure as it wrote   read now 20%, or  1 y 60%  2 x 20%" in wrote


async def test_proofreading_is_left_with_one_esc(tmp_path: Path) -> None:
    """There is no draft to drop: the text is as it was, and so are the keys."""
    async with staged(tmp_path / "new.py", model="null", stdin_text="a = b\n") as stage:
        await stage.saw("loaded")
        await stage.press("f8")
        await stage.saw("proofread")
        await stage.press("escape")
        assert edit_of(stage).stage == "select"
        assert stage.app.window.editor.has_focus


async def test_typing_inside_ends_a_look_too(tmp_path: Path) -> None:
    """What the person types stays; the draft goes, and so does its bar."""
    async with settled(tmp_path) as stage:
        await stage.press("left", "ctrl+k")
        await stage.press("ctrl+home", "right", "z")
        await stage.pilot.pause()
        assert stage.text == "dz" + TEXT[1:]
        assert not stage.app.window.look_bar.display
        assert any("inside the span" in line for line in stage.said)
