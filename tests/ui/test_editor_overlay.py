"""The overlay: painted over lines of the page, pushing what is below down, never touching it."""

import pytest
from editor_app import editing, lines_of, painted, press, screen
from rich.style import Style
from rich.text import Text
from textual import events
from textual.geometry import Offset, Region
from textual.pilot import Pilot

from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.span import Span
from diffedit.ui.editor import EditorView, Overlay
from diffedit.ui.page_view import PageView
from diffedit.ui.rows import Rows

LINES = "".join(f"line {number}\n" for number in range(1, 61))


def rows(*texts: str) -> tuple[Text, ...]:
    """Rows of an overlay."""
    return tuple(map(Text, texts))


def refreshed(editor: EditorView) -> list[Region]:
    """The regions that the editor is asked to repaint from here on."""
    asked: list[Region] = []
    real = editor.refresh

    def record(*regions: Region, **words: bool) -> EditorView:
        asked.extend(regions)
        real(*regions, **words)
        return editor

    editor.refresh = record  # type: ignore[method-assign]
    return asked


async def test_more_rows_push_the_rest_down() -> None:
    """Five rows over two lines: three rows more, numbered with dots, and the page is as it was."""
    async with editing(LINES, language="") as (editor, _):
        editor.show_overlay(Overlay(1, 2, rows(*"abcde"), marks=("░", "▌")))
        assert lines_of(editor)[:8] == ["line 1", *"abcde", "line 4", "line 5"]
        numbers = [row[: editor.gutter_width].split() for row in screen(editor)[:7]]
        assert numbers == [["1"], ["2░"], ["3▌"], ["·"], ["·"], ["·"], ["4"]]
        assert editor.text == LINES
        assert not editor.page.modified
        assert editor.virtual_size.height == 61 + 3
        editor.show_overlay(None)
        assert lines_of(editor)[:4] == ["line 1", "line 2", "line 3", "line 4"]
        assert editor.virtual_size.height == 61


async def test_fewer_rows_draw_the_rest_up_but_not_below_the_minimum() -> None:
    """One row over three lines takes one row, or as many as are kept for the run."""
    async with editing(LINES, language="") as (editor, _):
        editor.show_overlay(Overlay(1, 3, rows("one"), minimum=1))
        assert lines_of(editor)[:3] == ["line 1", "one", "line 5"]
        editor.show_overlay(Overlay(1, 3, rows("one"), minimum=3))
        assert lines_of(editor)[:5] == ["line 1", "one", "", "", "line 5"]


async def test_only_rows_that_changed_are_repainted() -> None:
    """From one frame to the next, a row that looks the same is left alone."""
    async with editing(LINES, language="") as (editor, pilot):
        editor.show_overlay(Overlay(2, 4, rows("a", "b", "c", "d"), minimum=4))
        await pilot.pause()
        asked = refreshed(editor)
        editor.show_overlay(Overlay(2, 4, rows("a", "B", "c", "d"), minimum=4))
        assert [(region.y, region.height) for region in asked] == [(3, 1)]
        asked.clear()
        editor.show_overlay(Overlay(2, 4, rows("a", "B", "c"), minimum=4))
        assert [(region.y, region.height) for region in asked] == [(5, 1)]
        assert lines_of(editor)[2:7] == ["a", "B", "c", "", "line 6"]
        asked.clear()
        styled = (Text("a", Style(dim=True)), *rows("B", "c"))
        editor.show_overlay(Overlay(2, 4, styled, minimum=4))
        assert [(region.y, region.height) for region in asked] == [(2, 1)]


async def test_what_a_model_writes_reaches_no_terminal_raw() -> None:
    """An overlay's escapes are painted as pictures, its styles kept in place."""
    async with editing(LINES, language="") as (editor, _):
        text = Text.assemble("a\x1b[31m", ("b\x1b", Style(bold=True)), "\tc\u202e")
        editor.show_overlay(Overlay(0, 0, (text,), marks=("\x1b",)))
        segments = list(editor.render_line(0))
        assert all(segment.text.isprintable() for segment in segments)
        bold = [s.text for s in segments if s.style is not None and s.style.bold]
        assert "b␛" in bold


async def test_the_cursor_steps_over_rows_that_are_not_there() -> None:
    """Up and down go through the covered lines; a page is a page of the screen."""
    async with editing(LINES, language="") as (editor, _):
        editor.show_overlay(Overlay(1, 2, rows(*"abcdefgh")))
        places = []
        for _ in range(4):
            await press(editor, "down")
            places.append((editor.cursor_location[0], editor._cursor_offset[1]))
        assert places == [(1, 1), (2, 2), (3, 9), (4, 10)]
        await press(editor, "ctrl+home", "pagedown")
        assert editor.cursor_location[0] == 23 - 6
        await press(editor, "pageup")
        assert editor.cursor_location[0] == 0


async def test_page_down_always_gets_on() -> None:
    """Through an overlay taller than the window, page down and page up come out again."""
    async with editing(LINES, language="", size=(40, 10)) as (editor, _):
        editor.show_overlay(Overlay(1, 1, rows(*map(str, range(40)))))
        for _ in range(20):
            await press(editor, "pagedown")
        assert editor.cursor_location == editor.view.end
        for _ in range(20):
            await press(editor, "pageup")
        assert editor.cursor_location == (0, 0)


async def click(pilot: Pilot[None], editor: EditorView, x: int, y: int) -> None:
    """Press and release the mouse on a cell of the text."""
    await pilot.click(EditorView, offset=(x + editor.gutter_width, y))


async def test_a_click_finds_the_line_under_it() -> None:
    """Below the overlay a click finds its line; on it, the nearest line that is covered."""
    async with editing(LINES, language="") as (editor, pilot):
        editor.show_overlay(Overlay(1, 2, rows(*"abcdef")))
        await click(pilot, editor, 3, 8)
        assert editor.cursor_location == (4, 3)
        await click(pilot, editor, 3, 1)
        assert editor.cursor_location == (1, 3)
        await click(pilot, editor, 2, 6)
        assert editor.cursor_location == (2, 2)


async def test_typing_goes_on_around_the_overlay() -> None:
    """Above, below and under it the page can be edited; the overlay is sent anew by the app."""
    async with editing(LINES, language="") as (editor, _):
        editor.show_overlay(Overlay(4, 5, rows(*"abc")))
        editor.move_cursor((8, 0))
        await press(editor, "x", "enter")
        assert lines_of(editor)[4:7] == ["a", "b", "c"]
        assert lines_of(editor)[9:11] == ["x", "line 9"]
        editor.move_cursor((0, 0))
        await press(editor, "enter")
        editor.show_overlay(Overlay(5, 6, rows(*"abc")))
        assert lines_of(editor)[:9] == ["", *(f"line {n}" for n in range(1, 5)), *"abc", "line 7"]
        await press(editor, "ctrl+z", "ctrl+z", "ctrl+z")
        assert editor.text == LINES


async def test_the_text_in_the_window_stays_when_the_overlay_above_grows() -> None:
    """An overlay that grows above the window scrolls along with it."""
    async with editing(LINES, language="", size=(40, 10)) as (editor, pilot):
        editor.scroll_to(y=30, animate=False)
        await pilot.pause()
        before = lines_of(editor)
        editor.show_overlay(Overlay(1, 2, rows(*"abc")))
        editor.show_overlay(Overlay(1, 2, rows(*"abcdefgh")))
        await pilot.pause()
        assert lines_of(editor) == before


async def test_an_overlay_beyond_the_text_does_no_harm() -> None:
    """Lines that are gone count as the last one; deleting the covered lines is survived."""
    async with editing("one\ntwo\n", language="") as (editor, _):
        editor.show_overlay(Overlay(90, 99, rows("x", "y")))
        assert lines_of(editor)[:4] == ["one", "two", "x", "y"]
        editor.show_overlay(Overlay(0, 1, rows("x", "y", "z")))
        await press(editor, "ctrl+a", "backspace", "q")
        assert editor.text == "q"
        screen(editor)
        editor.show_overlay(None)
        assert lines_of(editor)[:2] == ["q", ""]


async def test_an_overlay_over_wrapped_lines() -> None:
    """With soft wrap, all rows of the covered lines are lent."""
    text = "a " * 60 + "\nb\n" + "c " * 60 + "\nend\n"
    async with editing(text, size=(45, 20)) as (editor, pilot):
        editor.soft_wrap = True
        await pilot.pause()
        whole = editor.rows.height
        editor.show_overlay(Overlay(0, 2, rows("x"), minimum=1))
        assert lines_of(editor)[:2] == ["x", "end"]
        editor.show_overlay(None)
        assert editor.rows.height == whole


@pytest.mark.parametrize("width", [0, 7])
@pytest.mark.parametrize("covered", [(0, 0), (2, 5), (9, 11)])
@pytest.mark.parametrize("height", [1, 4, 9])
def test_every_row_leads_to_its_line_and_back(
    width: int, covered: tuple[int, int], height: int
) -> None:
    """Outside of the overlay the mapping is one to one; inside, it is to the nearest."""
    page = Document("".join("word " * (n % 4) + "\n" for n in range(11)))
    mapped = Rows(PageView(page), width, 4)
    mapped.lend(Overlay(*covered, rows=rows(*"x" * height)))
    top, end = mapped.lent
    assert end - top == height
    for y in range(mapped.height):
        place = mapped.at(y)
        assert (place.overlay_row >= 0) == (top <= y < end)
        if place.overlay_row < 0:
            assert mapped.y_of(place.row, place.section) == y
            assert mapped.offset_to_location(Offset(0, y))[0] == place.row
        else:
            assert covered[0] <= place.row <= covered[1]
            assert top <= mapped.y_of(place.row, place.section) < end
    seen = {(place.row, place.section) for y in range(mapped.height) if (place := mapped.at(y))}
    sections = {row: len(mapped.get_offsets(row)) for row in range(12)}
    outside = {
        (row, section)
        for row, last in sections.items()
        for section in range(last + 1)
        if not covered[0] <= row <= covered[1]
    }
    assert outside <= seen


async def test_a_drag_over_the_overlay_selects_the_covered_text() -> None:
    """From above the overlay to below it, the selection is the text between."""
    async with editing(LINES, language="") as (editor, _):
        editor.show_overlay(Overlay(1, 2, rows(*"abcdef")))
        gutter = editor.gutter_width

        def mouse(kind: type[events.MouseEvent], x: int, y: int) -> events.MouseEvent:
            return kind(
                editor,
                gutter + x,
                y,
                delta_x=0,
                delta_y=0,
                button=1,
                shift=False,
                meta=False,
                ctrl=False,
            )

        await editor._on_mouse_down(mouse(events.MouseDown, 2, 0))  # type: ignore[arg-type]
        await editor._on_mouse_move(mouse(events.MouseMove, 3, 8))  # type: ignore[arg-type]
        await editor._on_mouse_up(mouse(events.MouseUp, 3, 8))  # type: ignore[arg-type]
        assert editor.selected_span() == Span(2, LINES.index("line 5") + 3)


async def test_a_change_by_the_session_while_it_is_shown() -> None:
    """Applying the draft under its overlay, then taking that away, shows the new text."""
    async with editing(LINES, language="") as (editor, _):
        editor.show_overlay(Overlay(1, 2, rows("new", "text", "here"), minimum=3))
        span = editor.page.text.rows(1, 2)
        editor.page.apply(ChangeSet((Change(span, "new\ntext\nhere"),)))
        editor.show_overlay(None)
        assert lines_of(editor)[:5] == ["line 1", "new", "text", "here", "line 4"]


async def test_wrapped_anew_when_the_window_is_wider() -> None:
    """Under an overlay too, what is painted after a resize has the new breaks."""
    text = "word " * 30 + "\nlast"
    async with editing(text, language="", size=(30, 12)) as (editor, pilot):
        editor.soft_wrap = True
        editor.show_overlay(Overlay(1, 1, rows("a", "b")))
        await pilot.pause()
        await pilot.resize_terminal(60, 12)
        await pilot.pause()
        assert painted(editor) == screen(editor)
