"""The editor is a view of the page: what it shows, what it types, what it leaves to the app."""

import random
import string

import pytest
from editor_app import APP_KEYS, app_of, editing, lines_of, painted, press, screen
from textual import events
from textual.geometry import Region

from diffedit.config import themes
from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.span import Selection, Span

CODE = 'def f(a):\n    """Doc."""\n    return [a, (1)]\n\n\nclass X:\n\ty = "é世"\n'

ODD = {
    "a lone carriage return": "a\nb\rc\n",
    "one line end of another kind": "a\nb\r\nc\n",
    "form feed and vertical tab": "x\n\x0c\ny\x0bz\n",
    "unicode line ends": "a\x85b\u2028c\u2029d\n",
    "separators": "a\x1cb\x1dc\x1ed\n",
    "a byte order mark and NUL": "\ufeffa\0b\n",
    "undecodable bytes": b"caf\xe9\n".decode("utf-8", "surrogateescape"),
    "no last newline": "a\nb",
    "nothing": "",
}

WORDS = [
    "left",
    "right",
    "up",
    "down",
    "home",
    "end",
    "pageup",
    "pagedown",
    "shift+left",
    "shift+right",
    "shift+up",
    "shift+down",
    "ctrl+left",
    "ctrl+right",
    "ctrl+home",
    "ctrl+end",
    "shift+home",
    "shift+end",
    "ctrl+shift+left",
    "ctrl+a",
    "ctrl+l",
    "alt+a",
]
EDITS = [
    "enter",
    "tab",
    "shift+tab",
    "backspace",
    "delete",
    "ctrl+w",
    "ctrl+delete",
    "ctrl+u",
    "alt+k",
    "alt+up",
    "alt+down",
    "ctrl+d",
    "alt+j",
    "ctrl+slash",
    "ctrl+x",
    "ctrl+v",
]
HISTORY = ["ctrl+z", "ctrl+z", "ctrl+y"]


def keys(random_: random.Random, count: int) -> list[str]:
    """Random keys, as a busy person would press them."""
    typed = [*string.ascii_letters, *"()[]{}:#\"' ", "é", "世", "\u0301", "👍", "🏽", "\u200d"]
    return [
        random_.choice(random_.choice((WORDS, EDITS, EDITS, typed, typed, HISTORY)))
        for _ in range(count)
    ]


@pytest.mark.parametrize("seed", range(5))
async def test_the_view_is_the_page_after_any_keys(seed: int) -> None:
    """After hundreds of random keys the painted text is the page's, and undo leads back."""
    async with editing(CODE * 3) as (editor, pilot):
        for number, key in enumerate(keys(random.Random(seed), 350)):
            await press(editor, key)
            if number % 50 == 0:
                await pilot.pause()
                assert painted(editor) == screen(editor)[: editor.window.height]
            assert editor.view.lines is editor.page.text.lines
            assert editor.rows.height == len(editor.page.text.lines)
            row, column = editor.cursor_location
            assert column <= len(editor.page.text.lines[row])
        top = editor.scroll_offset.y
        shown = [line.strip() for line in lines_of(editor)]
        for y, line in enumerate(editor.page.text.lines[top : top + editor.size.height]):
            assert line.isascii() is False or "\t" in line or shown[y] == line.strip()[:75].strip()
        assert editor.text == "\n".join(editor.page.text.lines)
        while editor.page.can_undo:
            await press(editor, "ctrl+z")
        assert editor.text == CODE * 3
        assert not editor.page.modified


async def test_no_character_is_lost() -> None:
    """Whatever the file holds, the page holds after a key and its undo; lines end at newlines."""
    async with editing() as (editor, _):
        for what, text in ODD.items():
            editor.open(Document(text), language="python")
            screen(editor)
            assert editor.view.line_count == text.count("\n") + 1, what
            await press(editor, "z", "ctrl+end", "z", "ctrl+z", "ctrl+z")
            assert editor.text == text, what


async def test_nothing_of_a_file_reaches_the_terminal_raw() -> None:
    """No painted segment holds a control character or a mark that turns the text around."""
    evil = "".join(map(chr, [*range(0x20), *range(0x7F, 0xA0), 0x202E, 0x2066, 0x2028]))
    evil = evil.replace("\n", "") + "\x1b]0;PWNED\x07\x1b[31mred"
    async with editing(f"a = '{evil}'\n{evil}\n") as (editor, _):
        await press(editor, "ctrl+a")
        for strip in editor.render_lines(Region(0, 0, *editor.size)):
            for segment in strip:
                assert segment.text.isprintable(), segment
        # A picture takes one cell, so the cursor's cell is counted as before.
        editor.move_cursor((1, len(evil)))
        cells = len(evil.split("\t")[1]) if "\t" in evil else len(evil)
        assert (editor._cursor_offset[0] - cells) % 4 == 0


async def test_undo_goes_back_further_than_fifty_steps() -> None:
    """Eighty lines are taken back one by one, while the scroll bar comes and goes."""
    async with editing("", size=(40, 8)) as (editor, pilot):
        for _ in range(80):
            await press(editor, "a", "enter")
        await pilot.pause()
        assert editor.view.line_count == 81
        for _ in range(160):
            await press(editor, "ctrl+z")
        await pilot.pause()
        assert editor.text == ""
        assert screen(editor)[0].strip() == "1"
        for _ in range(160):
            await press(editor, "ctrl+y")
        assert editor.text == "a\n" * 80


async def test_a_text_that_gets_shorter_leaves_nothing_behind() -> None:
    """Rows below the new end of the text are blank on the terminal at once."""
    async with editing("a\nb\nc\nd") as (editor, pilot):
        editor.page.apply(ChangeSet((Change(Span(3, 7), ""),)))
        await pilot.pause()
        assert painted(editor)[:4] == ["  1  a", "  2  b", "", ""]


async def test_a_string_that_opens_recolours_what_is_below() -> None:
    """Lines that an edit did not touch are repainted when their colours change by it."""
    async with editing("x = 1\ny = 2\n") as (editor, pilot):
        await pilot.pause()
        number = editor.render_line(1)
        await press(editor, *'"""')
        await pilot.pause()
        strips = editor.screen._compositor.render_strips()
        assert strips[1].crop(0, 20) == editor.render_line(1).crop(0, 20)
        assert editor.render_line(1) != number


async def test_a_word_typed_is_one_undo() -> None:
    """Typing on is one step; moving the cursor away begins another."""
    async with editing("") as (editor, _):
        await press(editor, *"word", "left", *"xy")
        await press(editor, "ctrl+z")
        assert editor.text == "word"
        await press(editor, "ctrl+z")
        assert editor.text == ""


async def test_undo_brings_the_selection_back() -> None:
    """What was selected before an edit is selected again when it is taken back."""
    async with editing("one two three\n") as (editor, _):
        editor.select_span(Span(4, 7))
        await press(editor, "x")
        assert editor.text == "one x three\n"
        await press(editor, "ctrl+z")
        assert editor.selected_span() == Span(4, 7)
        assert editor.selected_text == "two"


async def test_a_change_by_another_is_seen() -> None:
    """What a session applies to the page shows at once, with its selection and a message."""
    async with editing("a\nb\nc\n") as (editor, pilot):
        changes = ChangeSet((Change(Span(0, 1), "one\ntwo"), Change(Span(4, 5), "three")))
        editor.page.apply(changes, selection=Selection(0, 7))
        await pilot.pause()
        assert lines_of(editor)[:4] == ["one", "two", "b", "three"]
        assert editor.selected_text == "one\ntwo"
        edited = [m for m in app_of(pilot).seen if isinstance(m, type(editor).Edited)]
        assert [message.changes for message in edited] == [changes]


async def test_keys_of_the_app_go_through() -> None:
    """Escape, the app's control keys and function keys reach the app, and change nothing."""
    async with editing("text\n") as (editor, pilot):
        await pilot.press(*APP_KEYS)
        assert app_of(pilot).heard == list(APP_KEYS)
        assert editor.has_focus
        assert editor.text == "text\n"


async def test_a_key_pressed_for_real_acts_once() -> None:
    """Through the whole road from the terminal, a key types one thing."""
    async with editing("") as (editor, pilot):
        await pilot.press("i", "f", "space", "x", ":", "enter", "y", "tab")
        assert editor.text == "if x:\n    y   "
        await pilot.press("shift+tab", "ctrl+z", "ctrl+z")
        assert editor.has_focus


async def test_a_paste_is_one_step_and_harmless() -> None:
    """Pasted text loses its control characters, keeps tabs and lines, and is one undo."""
    async with editing("ab") as (editor, _):
        await press(editor, "right")
        await editor._on_paste(events.Paste("1\r\n2\r3\t\x1b[31m\x00é"))
        assert editor.text == "a1\n2\n3\t[31mé" + "b"
        await press(editor, "ctrl+z")
        assert editor.text == "ab"


async def test_a_read_only_page_stays_as_it_is() -> None:
    """No key, paste or cut changes a page that may only be read; copying still works."""
    async with editing(CODE) as (editor, _):
        editor.read_only = True
        for key in (*EDITS, "x"):
            await press(editor, key)
        await editor._on_paste(events.Paste("x"))
        assert editor.text == CODE


async def test_a_wide_character_takes_its_cells() -> None:
    """The cursor's cell counts tabs to their stops and wide characters double."""
    async with editing("\té世x") as (editor, _):
        cells = []
        for _ in range(5):
            cells.append(editor._cursor_offset[0])
            await press(editor, "right")
        assert cells == [0, 4, 5, 7, 8]


async def test_the_cursor_counts_as_people_do() -> None:
    """A family, a flag and an accented letter are one step and one backspace each."""
    async with editing("👨‍👩‍👧x🇩🇪e\u0301👍🏽") as (editor, _):
        stops = [0]
        for _ in range(5):
            await press(editor, "right")
            stops.append(editor.cursor_location[1])
        assert stops == [0, 5, 6, 8, 10, 12]
        await press(editor, "backspace", "backspace", "backspace", "backspace", "backspace")
        assert editor.text == ""


async def test_the_pages_of_two_files_keep_apart() -> None:
    """Each page keeps its text, its selection and its history when the other is shown."""
    async with editing("one\n") as (editor, _):
        first = editor.page
        await press(editor, "right", "x")
        second = Document("second\n")
        editor.open(second, language="")
        await press(editor, "y")
        first.apply(ChangeSet((Change(Span(0, 0), "!"),)))
        assert (editor.text, str(first.text)) == ("ysecond\n", "!oxne\n")
        editor.open(first, language="python")
        assert lines_of(editor)[0] == "!oxne"
        assert editor.cursor_location == (0, 3)
        assert editor._watch_page not in second.watchers


async def test_joiners_that_are_typed_are_text() -> None:
    """A family comes from a keyboard in five keys, and so do words of Persian."""
    async with editing("") as (editor, _):
        await press(editor, *"👨\u200d👩\u200d👧 می\u200cخواهم")
        assert editor.text == "👨\u200d👩\u200d👧 می\u200cخواهم"


async def test_spans_for_the_app() -> None:
    """The selection, the block around the cursor and a span that is revealed."""
    text = "x = 1\n" * 50 + CODE + "y = 2\n" * 50
    async with editing(text) as (editor, pilot):
        start = text.index("def f")
        editor.select_span(Span(start, start + 5))
        assert editor.selected_span() == Span(start, start + 5)
        block = editor.block_span()
        assert text[block.start : block.end] == CODE[: CODE.index("\n\n\nclass")]
        editor.scroll_to(y=0, animate=False)
        editor.reveal(block)
        await pilot.pause()
        assert "def f(a):" in lines_of(editor)
        assert "    return [a, (1)]" in lines_of(editor)


async def test_a_span_that_is_gone_is_revealed_as_far_as_there_is_text() -> None:
    """It is asked for after the next layout, and until then the text may become shorter."""
    async with editing("x = 1\n" * 50) as (editor, pilot):
        editor.call_after_refresh(editor.reveal, Span(0, 300))
        editor.page.apply(ChangeSet((Change(Span(6, 300), ""),)))
        await pilot.pause()
        assert editor.scroll_offset.y == 0
        assert editor.text == "x = 1\n"


async def test_every_theme_paints() -> None:
    """The editor opens in each theme that ships, and takes another while it runs."""
    async with editing(CODE) as (editor, pilot):
        for name in themes.names():
            editor.use_theme(themes.load(name))
            await pilot.pause()
            assert lines_of(editor)[0] == "def f(a):"
            styles = {str(segment.style) for segment in editor.render_line(0)}
            assert len(styles) > 2


async def test_soft_wrap_shows_all_of_a_line() -> None:
    """With soft wrap, a long line stands on several rows, and the cursor moves through them."""
    words = " ".join(f"word{number}" for number in range(30))
    async with editing(f"{words}\nnext\n", size=(40, 12)) as (editor, pilot):
        editor.soft_wrap = True
        await pilot.pause()
        rows = lines_of(editor)
        assert "".join(rows).replace(" ", "").startswith(words.replace(" ", ""))
        await press(editor, "down")
        assert editor.cursor_location[0] == 0
        await press(editor, "ctrl+end", "up", "up", "x", "enter", "backspace")
        await press(editor, "ctrl+z", "ctrl+z", "ctrl+z")
        assert editor.text == f"{words}\nnext\n"


async def test_a_tiny_window_does_no_harm() -> None:
    """Down to nothing and back, keys work and the text is painted."""
    async with editing(CODE * 20) as (editor, pilot):
        for size in ((10, 3), (4, 2), (1, 1), (80, 24)):
            await pilot.resize_terminal(*size)
            await press(editor, "x", "down", "pagedown", "ctrl+z", "pageup")
            screen(editor)
        assert editor.text == CODE * 20
