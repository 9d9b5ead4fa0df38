"""The mouse in the editor: clicks by count, shift, drags, and the gutter."""

from editor_app import editing
from textual import events
from textual.pilot import Pilot

from diffedit.ui.editor import EditorView

TEXT = "def name(one, two):\n    return one + two\n\nlast"


async def click(pilot: Pilot[None], x: int, y: int, *, times: int = 1, shift: bool = False) -> None:
    """Click on a cell of the text, counted without the gutter."""
    editor = pilot.app.query_one(EditorView)
    editor._mouse.clicks = (0.0, (-1, -1), 0)
    for _ in range(times):
        await pilot.click(EditorView, offset=(x + editor.gutter_width, y), shift=shift)


async def drag(editor: EditorView, start: tuple[int, int], *stops: tuple[int, int]) -> None:
    """Press on a cell, move over others, and let go; cells are counted without the gutter."""

    def at(kind: type[events.MouseEvent], cell: tuple[int, int]) -> events.MouseEvent:
        x, y = cell[0] + editor.gutter_width, cell[1]
        return kind(editor, x, y, 0, 0, 1, shift=False, meta=False, ctrl=False)

    await editor._on_mouse_down(at(events.MouseDown, start))  # type: ignore[arg-type]
    for stop in stops:
        await editor._on_mouse_move(at(events.MouseMove, stop))  # type: ignore[arg-type]
    await editor._on_mouse_up(at(events.MouseUp, stops[-1]))  # type: ignore[arg-type]


async def test_one_click_puts_the_cursor_there() -> None:
    """A click on a character, past the end of a line, and below the text."""
    async with editing(TEXT) as (editor, pilot):
        await click(pilot, 5, 0)
        assert editor.selection.end == editor.selection.start == (0, 5)
        await click(pilot, 60, 1)
        assert editor.cursor_location == (1, 20)
        await click(pilot, 2, 15)
        assert editor.cursor_location == (3, 2)


async def test_more_clicks_take_more() -> None:
    """Two clicks take the word (or signs, or blanks), three the line, four begin anew."""
    async with editing(TEXT) as (editor, pilot):
        for x, y, times, selected in (
            (6, 0, 2, "name"),
            (8, 0, 2, "("),
            (60, 3, 2, "last"),
            (6, 0, 4, ""),
            (0, 3, 3, "last"),
            (0, 2, 2, ""),
        ):
            await click(pilot, x, y, times=times)
            assert editor.selected_text == selected


async def test_shift_and_a_click_stretch_the_selection() -> None:
    """With shift, the selection goes from where it began to the click."""
    async with editing(TEXT) as (editor, pilot):
        await click(pilot, 4, 0)
        await click(pilot, 8, 0, shift=True)
        assert editor.selected_text == "name"
        await click(pilot, 3, 0, shift=True)
        assert editor.selected_text == " "


async def test_the_gutter_takes_lines() -> None:
    """A click on a line number selects the line, a drag along the numbers all of them."""
    async with editing(TEXT) as (editor, pilot):
        await pilot.click(EditorView, offset=(1, 1))
        assert editor.selected_text == "    return one + two\n"
        editor._mouse.clicks = (0.0, (-1, -1), 0)
        await drag(editor, (-3, 1), (-3, 2), (-3, 3))
        assert editor.selected_text == "    return one + two\n\nlast"
        await drag(editor, (-3, 2), (-3, 0))
        assert editor.selected_text == "def name(one, two):\n    return one + two\n\n"


async def test_a_drag_selects_and_goes_back() -> None:
    """A drag selects what it passed, in both directions, and scrolls no page it need not."""
    async with editing(TEXT) as (editor, _):
        await drag(editor, (4, 0), (8, 0), (11, 1))
        assert editor.selected_text == "name(one, two):\n    return "
        assert editor.cursor_location == (1, 11)
        await drag(editor, (8, 0), (4, 0))
        assert editor.selected_text == "name"
        assert editor.cursor_location == (0, 4)


async def test_a_drag_after_two_clicks_goes_by_words() -> None:
    """Holding the second click, whole words are taken, the first one always."""
    async with editing(TEXT) as (editor, pilot):
        await click(pilot, 10, 0)
        await drag(editor, (10, 0), (15, 0))
        assert editor.selected_text == "one, two"
        await click(pilot, 15, 0)
        await drag(editor, (15, 0), (6, 0))
        assert editor.selected_text == "name(one, two"
