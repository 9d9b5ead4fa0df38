"""What can be turned on to be seen: blanks, line ends, numbers from the cursor."""

from editor_app import editing, press, screen
from stage_app import staged


async def test_blanks_and_line_ends_are_shown() -> None:
    """Blanks are dots, a tab an arrow up to its stop, each line's end a sign but for the last."""
    async with editing("a b\n\tc\n\nend ") as (editor, _):
        editor.show_blanks = True
        assert [row[editor.gutter_width :] for row in screen(editor)[:4]] == [
            "a·b¬",
            "→   c¬",
            "¬",
            "end·",
        ]
        editor.show_blanks = False
        assert screen(editor)[0].endswith("a b")


async def test_numbers_count_from_the_cursor() -> None:
    """The cursor's line has its own number, the others say how far they are; moving recounts."""
    async with editing("a\nb\nc\nd") as (editor, _):
        editor.relative_numbers = True
        await press(editor, "down")
        assert [row.split()[0] for row in screen(editor)[:4]] == ["1", "2", "1", "2"]
        await press(editor, "down", "down")
        assert [row.split()[0] for row in screen(editor)[:4]] == ["3", "2", "1", "4"]


async def test_long_lines_are_broken_by_a_key() -> None:
    """Alt+z breaks long lines at the edge; again, it does not; the text is the same."""
    async with staged() as stage:
        await stage.type("word " * 22)
        assert sum("word" in row for row in stage.screen) == 1
        await stage.press("alt+z")
        assert sum("word" in row for row in stage.screen) == 2
        await stage.press("alt+z")
        assert sum("word" in row for row in stage.screen) == 1
        assert stage.text == "word " * 22


async def test_settings_reach_the_page() -> None:
    """No pairs, tabs for indentation, signs for blanks: as the settings ask."""
    async with staged(auto_pairs=False, indent_with_tabs=True, show_blanks=True) as stage:
        await stage.press("tab", "(", "x")
        assert stage.text == "\t(x"
        assert "→" in stage.screen[0]
