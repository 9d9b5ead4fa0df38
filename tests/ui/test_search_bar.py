"""Find, replace, go to a line, find in files: as a person uses them."""

import asyncio
from pathlib import Path
from random import Random

import pytest
from stage_app import PATIENCE, Stage, staged
from textual.widgets import OptionList

from diffedit.core.search import Query, look
from diffedit.ui.find_files import FindInFiles
from diffedit.ui.finder import find_in_files

TEXT = "one two\nTwo one\n\nlast one\n"


def page(folder: Path, text: str = TEXT) -> Path:
    """A file to search."""
    path = folder / "page.txt"
    path.write_text(text, encoding="utf-8")
    return path


async def counted(stage: Stage, said: str) -> None:
    """Come back when the bar says so."""
    bar = stage.app.window.search
    async with asyncio.timeout(PATIENCE):
        while bar._standing.count != said:  # noqa: ASYNC110 - a search tells of itself by this
            await asyncio.sleep(0.01)


async def search(stage: Stage, pattern: str, said: str) -> None:
    """Open the bar, type, and wait for the count."""
    await stage.press("ctrl+f")
    await stage.type(pattern)
    await counted(stage, said)


async def test_what_is_typed_is_found_and_counted(tmp_path: Path) -> None:
    """The first match is selected while one types; Enter and the arrows walk, round the end."""
    async with staged(page(tmp_path)) as stage:
        await search(stage, "one", "1 of 3")
        editor = stage.app.window.editor
        assert editor.selected_text == "one"
        await stage.press("enter")
        await counted(stage, "2 of 3")
        assert editor.cursor_location == (1, 7)
        await stage.press("up", "up")
        await counted(stage, "3 of 3 · round to the end")
        assert editor.cursor_location == (3, 8)


async def test_esc_goes_back_unless_one_walked(tmp_path: Path) -> None:
    """Esc after typing only puts the cursor back; after Enter it stays at the match."""
    async with staged(page(tmp_path)) as stage:
        await search(stage, "last", "1 of 1")
        await stage.press("escape")
        assert stage.app.window.editor.cursor_location == (0, 0)
        await search(stage, "last", "1 of 1")
        await stage.press("enter")
        await stage.press("escape")
        assert stage.app.window.editor.cursor_location[0] == 3


async def test_case_word_and_expression_are_turned_by_keys(tmp_path: Path) -> None:
    """Smart case finds both; alt+c the exact one; alt+w whole words; alt+x an expression."""
    async with staged(page(tmp_path, "two Two twofold\n")) as stage:
        await search(stage, "two", "1 of 3")
        await stage.press("alt+c")
        await counted(stage, "1 of 2")
        await stage.press("alt+w")
        await counted(stage, "1 of 1")
        await stage.press("alt+w", "alt+c", "alt+x", "backspace", "backspace", "backspace")
        await stage.type("t.o[ f]")
        await counted(stage, "1 of 3")


async def test_a_selection_of_lines_is_where_it_looks(tmp_path: Path) -> None:
    """With lines selected only those are searched, until alt+s says everywhere."""
    async with staged(page(tmp_path)) as stage:
        await stage.press("down", "shift+down", "shift+down")
        await search(stage, "one", "1 of 1")
        await stage.press("alt+s")
        await counted(stage, "2 of 3")


async def test_replacing_all_is_one_step(tmp_path: Path) -> None:
    """Alt+a replaces every match; one undo brings all back."""
    async with staged(page(tmp_path)) as stage:
        await search(stage, "one", "1 of 3")
        await stage.press("tab")
        await stage.type("1")
        await stage.press("alt+a")
        async with asyncio.timeout(PATIENCE):
            while stage.text == TEXT:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        assert stage.text == TEXT.replace("one", "1")
        await stage.press("ctrl+z")
        assert stage.text == TEXT


async def test_a_faulty_expression_is_said_on_the_bar(tmp_path: Path) -> None:
    """What is no expression, and one that would never end, are each one line on the bar."""
    async with staged(page(tmp_path, "a" * 40 + "!\n")) as stage:
        await stage.press("ctrl+f", "alt+x")
        await stage.type("(")
        bar = stage.app.window.search
        async with asyncio.timeout(PATIENCE):
            while "Not a regular" not in bar._standing.count:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        await stage.type("a+)+$")
        await counted(stage, "This expression takes too long. Make it simpler.")


@pytest.mark.parametrize(
    ("typed", "place"), [("3", (2, 0)), ("4:3", (3, 2)), ("+2", (3, 0)), ("-1", (0, 0))]
)
async def test_a_line_is_gone_to(tmp_path: Path, typed: str, place: tuple[int, int]) -> None:
    """Ctrl+g takes a line, a line and a column, or so many lines from here."""
    async with staged(page(tmp_path)) as stage:
        await stage.press("down", "ctrl+g")
        await stage.type(typed)
        await stage.press("enter")
        await stage.pilot.pause()
        assert stage.app.window.editor.cursor_location == place


async def test_a_line_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The question stays and says how many lines there are."""
    async with staged(page(tmp_path)) as stage:
        await stage.press("ctrl+g", "9", "9", "enter")
        await stage.pilot.pause()
        shown = str(stage.app.screen.query_one("#why").render())
        assert "no line 99" in shown
        assert "5 lines" in shown


# In files ---------------------------------------------------------------------------------------


def project(folder: Path) -> dict[str, str]:
    """Some files; those that nobody looks through are among them."""
    random = Random(1)
    (folder / ".git").mkdir()
    texts = {
        f"sub/part_{number}.py": "\n".join(random.choices(["one two", "three", "Two"], k=20))
        for number in range(5)
    }
    for name, text in {**texts, "node_modules/x.js": "two", ".hidden/y": "two"}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "sub" / "picture.bin").write_bytes(b"two\x00two")
    return texts


async def test_every_match_of_a_project_is_found(tmp_path: Path) -> None:
    """What is found file by file is what the search finds in each text; made files are left out."""
    texts = project(tmp_path)
    query = Query(pattern="two", whole_word=True)
    found = {}
    async for answer in find_in_files(query, tmp_path, {}):
        if "hits" in answer:
            found[answer["file"]] = [tuple(hit[:3]) for hit in answer["hits"]]
    expected = {name: look(query, text.split("\n")) for name, text in texts.items()}
    assert found == {name: [hit[:3] for hit in hits] for name, hits in expected.items() if hits}


async def test_a_match_in_a_file_is_gone_to(tmp_path: Path) -> None:
    """Alt+g, a word, Enter: the file is open and the match selected; unsaved text is searched."""
    path = page(tmp_path)
    (tmp_path / "other.txt").write_text("x\nneedle here\n")
    async with staged(path) as stage:
        await stage.type("my ")
        await stage.press("alt+g")
        await stage.type("my one")
        await listed(stage, 1)
        await stage.press(*["backspace"] * 6)
        await stage.type("needle")
        await listed(stage, 1)
        await stage.press("enter")
        await stage.saw("found in files")
        assert stage.app.buffers.current.name == "other.txt"
        assert stage.app.window.editor.selected_text == "needle"


async def test_enter_before_the_list_is_made_anew_goes_nowhere(tmp_path: Path) -> None:
    """What is listed then are matches of what was typed before; Enter looks for them first."""
    (tmp_path / "other.txt").write_text("a needle\n", encoding="utf-8")
    async with staged(page(tmp_path)) as stage:
        await stage.press("alt+g")
        await stage.type("last")
        await listed(stage, 1)
        await stage.press("ctrl+u", *"needle", "enter")
        await listed(stage, 1)
        assert isinstance(stage.app.screen, FindInFiles)
        await stage.press("enter")
        await stage.saw("found in files")
        assert stage.app.buffers.current.name == "other.txt"


async def listed(stage: Stage, count: int) -> None:
    """Come back when the list is done and so long."""
    screen = stage.app.screen
    assert isinstance(screen, FindInFiles)
    async with asyncio.timeout(PATIENCE):
        while "files" not in screen.said or "…" in screen.said:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.01)
    assert screen.query_one(OptionList).option_count == count


async def test_an_endless_expression_is_given_up(tmp_path: Path) -> None:
    """A catastrophic expression ends with one line, and its process with it."""
    page(tmp_path, "a" * 60 + "!\n")
    async with staged(tmp_path / "page.txt") as stage:
        await stage.press("alt+g", "alt+x")
        await stage.type("(a+)+$")
        screen = stage.app.screen
        assert isinstance(screen, FindInFiles)
        async with asyncio.timeout(PATIENCE):
            while "too long" not in screen.said:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.01)
        await stage.press("escape")
        assert stage.text == "a" * 60 + "!\n"
