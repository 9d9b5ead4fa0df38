"""One edit from ctrl+k to undo, on the screen, with a scripted model in a real worker."""

from pathlib import Path

from stage_app import script, staged
from textual import events

TEXT = "import os\n\n\ndef f(x):\n    return x\n\n\nlast = 1\n"
NEW = 'def f(x):\n    """Give x."""\n    return x'
FRAMES = ["def ???(\n  q", [["def f(x):\n", "accepted"], ["  zz", "noise"], ["\n  r", "kept"]], NEW]


def file(folder: Path, text: str = TEXT) -> Path:
    """A file to edit."""
    path = folder / "page.py"
    path.write_text(text, encoding="utf-8")
    return path


async def test_block_is_selected_before_it_is_used(tmp_path: Path) -> None:
    """With nothing selected ctrl+k takes the block around the cursor and shows it."""
    async with staged(file(tmp_path), model=script(tmp_path, text=NEW)) as stage:
        await stage.press(*["down"] * 3, "ctrl+k")
        assert stage.app.window.editor.selected_text == "def f(x):\n    return x"
        assert stage.app.window.prompt.display
        assert stage.app.window.prompt.area.has_focus


async def test_accepting_is_one_change_and_one_undo(tmp_path: Path) -> None:
    """Enter in the review puts the new text in; one undo brings every byte back."""
    async with staged(file(tmp_path), model=script(tmp_path, text=NEW, frames=FRAMES)) as stage:
        await stage.press(*["down"] * 3)
        await stage.edit()
        assert stage.text == TEXT
        assert any("+" in row[:5] and '"""Give x."""' in row for row in stage.screen)
        await stage.press("enter")
        assert stage.text == TEXT.replace("def f(x):\n    return x", NEW)
        assert stage.app.window.editor.has_focus
        await stage.press("ctrl+z")
        assert stage.text == TEXT
        assert not stage.app.buffers.current.page.modified


async def test_dropping_leaves_nothing(tmp_path: Path) -> None:
    """Esc in the review: the text, the screen and the undo list are as before."""
    async with staged(file(tmp_path), model=script(tmp_path, text=NEW)) as stage:
        await stage.press(*["down"] * 3)
        before = stage.screen
        await stage.edit()
        assert stage.screen != before
        await stage.press("escape")
        await stage.pilot.pause()
        assert [row[5:] for row in stage.screen] == [row[5:] for row in before]
        assert not stage.app.buffers.current.page.can_undo
        assert stage.app.buffers.current.session.draft is None


async def test_one_hunk_may_be_rejected(tmp_path: Path) -> None:
    """With the first hunk rejected, applying brings only the second."""
    old, new = "a\nb\nc\nd\n", "A\nb\nc\nD"
    async with staged(file(tmp_path, old), model=script(tmp_path, text=new)) as stage:
        await stage.press("shift+down", "shift+down", "shift+down", "shift+end")
        await stage.edit()
        await stage.press("r", "enter")
        assert stage.text == "a\nb\nc\nD\n"


async def test_accept_all_applies_at_once(tmp_path: Path) -> None:
    """A takes every hunk, rejected ones too, and the review is over."""
    old, new = "a\nb\nc\nd\n", "A\nb\nc\nD"
    async with staged(file(tmp_path, old), model=script(tmp_path, text=new)) as stage:
        await stage.press("shift+down", "shift+down", "shift+down", "shift+end")
        await stage.edit()
        await stage.press("r", "A")
        assert stage.text == "A\nb\nc\nD\n"
        assert not stage.app.window.review_bar.display


async def test_other_answers_can_be_looked_at(tmp_path: Path) -> None:
    """] shows the next answer, and that is the one that is applied."""
    model = script(tmp_path, text="first", alternatives=["second"])
    async with staged(file(tmp_path, "x\n"), model=model) as stage:
        await stage.edit()
        await stage.press("right_square_bracket", "enter")
        assert stage.text == "second\n"


async def test_no_change_is_said(tmp_path: Path) -> None:
    """A draft that changes nothing opens no review, and says so."""
    async with staged(file(tmp_path, "x\n"), model=script(tmp_path, text="x")) as stage:
        await stage.press("ctrl+k", "a", "enter")
        await stage.saw("no change")
        assert any("No change" in line for line in stage.said)
        assert stage.app.buffers.current.review is None


async def test_typing_elsewhere_carries_the_review(tmp_path: Path) -> None:
    """A line typed above moves the draft with its span; it still lands in the right place."""
    async with staged(file(tmp_path), model=script(tmp_path, text=NEW)) as stage:
        await stage.press(*["down"] * 3)
        await stage.edit()
        stage.app.window.focus_on(stage.app.window.editor)
        await stage.press("ctrl+home", "z", "enter", "ctrl+k")
        assert stage.app.window.review_bar.has_focus
        await stage.press("enter")
        assert stage.text == "z\n" + TEXT.replace("def f(x):\n    return x", NEW)


async def test_typing_inside_goes_into_the_draft_and_another_edit_ends_the_review(
    tmp_path: Path,
) -> None:
    """A letter is no reason to drop a draft; what takes text of the page away is."""
    async with staged(file(tmp_path), model=script(tmp_path, text=NEW)) as stage:
        await stage.press(*["down"] * 3)
        await stage.edit()
        stage.app.window.focus_on(stage.app.window.editor)
        await stage.press("ctrl+home", *["down"] * 3, "right", "z")
        review = stage.app.buffers.current.review
        assert review is not None
        assert review.draft.text.count("z") == NEW.count("z") + 1
        assert stage.text == TEXT
        await stage.press("ctrl+home", *["down"] * 3, "right", "delete")
        await stage.pilot.pause()
        assert stage.app.buffers.current.review is None
        assert stage.text != TEXT
        assert any("inside the span" in line for line in stage.said)


async def test_a_gap_is_filled(tmp_path: Path) -> None:
    """On an empty line ctrl+k asks for infill, and no words are needed."""
    old = "a = 1\n\nb = 2\n"
    async with staged(file(tmp_path, old), model=script(tmp_path, text="gap = 0")) as stage:
        await stage.press("down", "ctrl+k")
        assert stage.app.window.prompt.mode == "infill"
        await stage.press("enter")
        await stage.saw("settled")
        await stage.press("enter")
        assert stage.text == "a = 1\ngap = 0\nb = 2\n"


async def test_going_on_from_the_cursor(tmp_path: Path) -> None:
    """F4 continues from the cursor; the text before it stays."""
    async with staged(file(tmp_path, "a = "), model=script(tmp_path, text="7")) as stage:
        await stage.press("end", "f4", "enter")
        await stage.saw("settled")
        await stage.press("enter")
        assert stage.text == "a = 7"


async def test_again_in_the_review_takes_another_seed(tmp_path: Path) -> None:
    """Ctrl+r over a settled draft runs the same words on the same span with the next seed."""
    async with staged(file(tmp_path), model=script(tmp_path, text=NEW)) as stage:
        await stage.press(*["down"] * 3)
        await stage.edit()
        draft = stage.app.buffers.current.session.draft
        assert draft is not None
        await stage.press("ctrl+r")
        await stage.saw("settled")
        second = stage.app.buffers.current.session.draft
        assert second is not None
        assert second.span == draft.span
        assert (draft.figures.seed, second.figures.seed) == (0, 1)


async def test_again_elsewhere_repeats_the_words(tmp_path: Path) -> None:
    """Outside a review ctrl+r gives the last instruction to the block at the cursor."""
    async with staged(file(tmp_path), model=script(tmp_path, text="last = 2")) as stage:
        await stage.press(*["down"] * 3)
        await stage.edit("change it")
        await stage.press("escape", "ctrl+end", "up", "ctrl+r")
        await stage.saw("settled")
        draft = stage.app.buffers.current.session.draft
        assert draft is not None
        assert draft.original == "last = 1"


async def test_burst_of_keys_keeps_its_order(tmp_path: Path) -> None:
    """Typing, a command and typing in one burst each land where they belong."""
    async with staged(file(tmp_path, "x\n"), model=script(tmp_path, text="y")) as stage:
        for key, character in (("a", "a"), ("ctrl+k", None), ("b", "b"), ("enter", "\r")):
            stage.app.post_message(events.Key(key, character))
        await stage.saw("settled")
        assert stage.text == "ax\n"
        assert stage.app.window.prompt.history.last == "b"


async def test_panel_says_what_is_known(tmp_path: Path) -> None:
    """Thinking Mode shows the run's figures, that it was scripted, and the reasoning."""
    model = script(tmp_path, text=NEW, frames=FRAMES, thought="because")
    async with staged(file(tmp_path), model=model, thinking_panel=True) as stage:
        await stage.press(*["down"] * 3)
        await stage.edit()
        shown = "\n".join(
            str(widget.render()) for widget in stage.app.window.panel.query("Static").results()
        )
        for words in ("SCRIPTED", "3 of 3", "seed        0", "because"):
            assert words in shown


async def test_palette_survives_page_down_on_nothing() -> None:
    """Page down in a list that was never laid out is no error, as it is in Textual's palette."""
    async with staged(size=(1, 1)) as stage:
        await stage.press("ctrl+p", "pagedown", "pageup", "escape")
        await stage.press("z")
        assert stage.text == "z"


async def test_palette_offers_what_the_page_can_do(tmp_path: Path) -> None:
    """Every edit that has a key is in the palette with that key, and can be run from there."""
    async with staged() as stage:
        await stage.type("ab")
        await stage.press("ctrl+p")
        await stage.type("duplicate")
        await stage.pilot.pause()
        await stage.press("down", "enter")
        await stage.pilot.pause()
        assert stage.text == "ab\nab"
