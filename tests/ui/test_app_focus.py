"""Who gets the keys: the page, the prompt bar or the review – and what comes back afterwards."""

import asyncio
from pathlib import Path

from stage_app import PATIENCE, Stage, script, staged

from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.span import Selection, Span
from diffedit.ui.aim import Aim
from diffedit.ui.tour import SAMPLE, STOPS

TEXT = "a = 1\n\n\nb = 2\n"


def page_in(folder: Path, name: str = "page.py", text: str = TEXT) -> Path:
    """A file to edit."""
    path = folder / name
    path.write_text(text)
    return path


def slow(home: Path, folder: Path) -> str:
    """A model that takes long enough to type a line meanwhile."""
    settings = home / "config" / "settings.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text("[models.scripted]\nstep_ms = 300\n")
    return script(folder, text="a = 2", frames=[f"a = ?{number}" for number in range(4)])


def selected(stage: Stage) -> Selection:
    """What is selected on the current page."""
    return stage.app.buffers.current.page.selection


async def test_a_draft_that_settles_takes_no_keys_from_who_types(
    home: Path, tmp_path: Path
) -> None:
    """Whoever typed elsewhere goes on typing: Enter is a new line there, and ctrl+k the review."""
    async with staged(page_in(tmp_path), model=slow(home, tmp_path)) as stage:
        await stage.press("ctrl+k", "x", "enter")
        await stage.saw("denoising")
        await stage.press("ctrl+end", "z")
        await stage.saw("settled")
        await stage.press("a", "enter", "r")
        assert stage.text == TEXT + "za\nr"
        assert stage.app.focused is stage.app.window.editor
        assert any("ctrl+k" in line for line in stage.said)
        await stage.press("ctrl+k", "enter")
        await stage.saw("applied")
        assert stage.text == TEXT.replace("a = 1", "a = 2") + "za\nr"


async def test_the_status_line_names_a_run_elsewhere(home: Path, tmp_path: Path) -> None:
    """What denoises in another file is not said to denoise in this one."""
    first, second = page_in(tmp_path, "a.py"), page_in(tmp_path, "b.py")
    async with staged(first, second, model=slow(home, tmp_path)) as stage:
        await stage.press("ctrl+k", "x", "enter")
        await stage.saw("denoising")
        assert not stage.app._status().doing.startswith("a.py")
        await stage.press("f6")
        assert stage.app._status().doing.startswith("a.py: ")
        await stage.press("escape")
        await stage.saw("cancelled")


async def test_a_dropped_draft_gives_the_cursor_back(tmp_path: Path) -> None:
    """Esc in the review: the cursor is where it was before the block was taken."""
    async with staged(page_in(tmp_path), model=script(tmp_path, text="a = 2")) as stage:
        await stage.press("right", "right")
        await stage.edit()
        await stage.press("escape")
        await stage.saw("dropped")
        assert selected(stage) == Selection.at(2)


async def test_a_long_review_is_scrolled_by_keys(tmp_path: Path) -> None:
    """Down and page down look further down the hunks; page up comes back; nothing is decided."""
    long = "\n".join(f"line {number}" for number in range(80))
    model = script(tmp_path, text=long)
    async with staged(page_in(tmp_path, text="x\n"), model=model, size=(80, 16)) as stage:
        await stage.edit()
        editor = stage.app.window.editor
        await stage.press("down")
        assert editor.scroll_offset.y == 1
        await stage.press("pagedown")
        assert editor.scroll_offset.y > 8
        await stage.press("pageup", "up")
        assert editor.scroll_offset.y == 0
        assert stage.app.buffers.current.review is not None


async def test_ctrl_k_goes_to_the_text_and_back_and_typing_stays_in_sight(tmp_path: Path) -> None:
    """From a review at the top to the last line, and nothing scrolls away from what is typed."""
    path = page_in(tmp_path, text="a = 1\n" + "\n" * 80)
    async with staged(path, model=script(tmp_path, text="a = 2")) as stage:
        await stage.edit()
        await stage.press("ctrl+k", "ctrl+end", "z")
        assert stage.app.focused is stage.app.window.editor
        assert any(row.endswith("z") for row in stage.screen)
        await stage.press("ctrl+k", "enter")
        await stage.saw("applied")
        assert stage.text == "a = 2\n" + "\n" * 80 + "z"


async def test_again_waits_while_the_bar_is_open(tmp_path: Path) -> None:
    """Ctrl+r in the bar runs nothing behind it: what is being typed there comes first."""
    async with staged(page_in(tmp_path), model=script(tmp_path, text="a = 2")) as stage:
        await stage.edit()
        await stage.press("escape", "ctrl+k", "x", "ctrl+r")
        assert stage.app.editing.running is None
        assert stage.app.buffers.current.review is None
        assert stage.app.window.prompt.display


async def test_a_span_beyond_any_model_is_refused_when_asked_for(tmp_path: Path) -> None:
    """All of a huge file: one line says so before an instruction is typed; nothing is painted."""
    path = page_in(tmp_path, text="x = 1\n" * 40_000)
    async with staged(path) as stage:
        await stage.press("ctrl+a", "ctrl+k")
        assert not stage.app.window.prompt.display
        assert any("Select less" in line for line in stage.said)


async def test_asking_twice_and_esc_give_the_cursor_back(tmp_path: Path) -> None:
    """Ctrl+k in the bar changes nothing about what Esc comes back to."""
    async with staged(page_in(tmp_path)) as stage:
        await stage.press("right", "ctrl+k", "ctrl+k", "escape")
        await stage.saw("closed")
        assert selected(stage) == Selection.at(1)


async def test_the_bar_closes_when_another_file_is_shown(tmp_path: Path) -> None:
    """An instruction is about the text it was asked for; another file is not edited by it."""
    first, second = page_in(tmp_path, "a.py"), page_in(tmp_path, "b.py", "other\n")
    async with staged(first, second, model=script(tmp_path, text="gone")) as stage:
        await stage.press("ctrl+k", "x", "f6", "z", "enter")
        assert not stage.app.window.prompt.display
        assert stage.app.editing.running is None
        assert stage.text == "z\nother\n"


async def test_fill_asks_at_the_cursor_between_two_words(tmp_path: Path) -> None:
    """F2 fills in where the cursor stands on a line that has text, without taking the block."""
    path = page_in(tmp_path, text="return  * height\n")
    async with staged(path, model=script(tmp_path, text="width")) as stage:
        await stage.press(*["right"] * 7, "f2", "enter")
        await stage.saw("settled")
        await stage.press("enter")
        await stage.saw("applied")
        assert stage.text == "return width * height\n"


async def test_quitting_while_it_denoises_wakes_no_other_worker(home: Path, tmp_path: Path) -> None:
    """Ctrl+q in the middle of a run: nothing is said, nothing is started anew."""
    async with staged(page_in(tmp_path), model=slow(home, tmp_path)) as stage:
        await stage.press("ctrl+k", "x", "enter")
        await stage.saw("denoising")
        said = len(stage.said)
        await stage.press("ctrl+q")
        await stage.left()
        assert stage.said[said:] == []
        assert not stage.app.client.alive


async def test_quitting_while_it_loads_is_no_failure(
    home: Path, held: object, tmp_path: Path
) -> None:
    """Ctrl+q before the model is there: that its worker goes unloaded is nothing to tell of."""
    (home / "config" / "settings.toml").write_text('[models.held]\nhold = "load"\n')
    async with staged(page_in(tmp_path), model="held") as stage:
        async with asyncio.timeout(PATIENCE):
            while "reading" not in stage.app.models.label:
                await stage.pilot.pause()
        await stage.press("ctrl+q")
        await stage.left()
        assert stage.said == []


async def test_the_tour_goes_back_when_the_bar_is_closed(tmp_path: Path) -> None:
    """Esc in the bar: "type this and press Enter" would now type it into the file."""
    async with staged(page_in(tmp_path, text=SAMPLE.read_text()), demo=True) as stage:
        await stage.press("ctrl+k")
        assert STOPS[stage.app.window.tour.at].title != "Ask"
        await stage.press("escape")
        await stage.saw("closed")
        assert STOPS[stage.app.window.tour.at].title == "Ask"


def test_an_aim_goes_along_with_its_text() -> None:
    """What is typed above while the model is fetched moves the span and the cursor along."""
    page = Document("one two three")
    aim = Aim(page, Span(4, 7), Selection.at(5))
    page.apply(ChangeSet((Change(Span(0, 0), "zero "),)))
    assert page.text.slice(aim.span) == "two"
    assert aim.before == Selection.at(10)
    aim.forget()
    page.undo()
    assert aim.span == Span(9, 12)
