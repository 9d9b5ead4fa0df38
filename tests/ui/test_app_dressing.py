"""A theme is put on at the start, and anew when its file is saved."""
# ruff: noqa: ASYNC240 - the test is the other one who writes, and nobody waits for it

from pathlib import Path

import pytest
from stage_app import staged
from textual.color import Color
from textual.css.stylesheet import Stylesheet
from textual.events import AppFocus

from diffedit.config import paths


@pytest.fixture
def dusk(home: Path) -> Path:
    """A theme of one's own."""
    path = paths.config_dir() / "themes" / "dusk.toml"
    path.parent.mkdir(parents=True)
    path.write_text('inherits = "ink"\n[palette]\nbase = "#1b1622"\n')
    return path


async def test_saved_in_the_editor(dusk: Path) -> None:
    """Ctrl+s on the file of the theme that is worn shows the new colours at once."""
    async with staged(dusk, theme="dusk") as stage:
        stage.app.filing.dressing.look()
        assert stage.app.window.look.ui["background"] == "#1b1622"
        stage.app.buffers.current.replace_text(dusk.read_text().replace("1b1622", "221b16"))
        await stage.press("ctrl+s")
        await stage.saw("dressed")
        assert stage.app.window.look.ui["background"] == "#221b16"


async def test_saved_by_another(dusk: Path) -> None:
    """Changed elsewhere: it is noticed when the terminal has the focus; a mistake is one line."""
    async with staged(theme="dusk") as stage:
        stage.app.filing.dressing.look()
        dusk.write_text(dusk.read_text().replace("1b1622", "221b16ff"))
        stage.app.post_message(AppFocus())
        await stage.saw("said")
        assert f"{dusk}:3" in stage.said[-1]
        assert stage.app.window.look.ui["background"] == "#1b1622"
        dusk.write_text(dusk.read_text().replace("221b16ff", "221b16"))
        stage.app.post_message(AppFocus())
        await stage.saw("dressed")
        assert stage.app.window.look.ui["background"] == "#221b16"


async def test_a_pygments_style_is_worn(home: Path) -> None:
    """`theme = "pygments:monokai"` paints the page on Monokai's ground."""
    async with staged(theme="pygments:monokai") as stage:
        assert stage.app.window.editor.styles.background.hex.lower() == "#272822"


async def test_the_first_screen_is_in_its_colours_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The style sheet is read with the theme's colours, and read anew only for another theme."""
    again = list[Stylesheet]()
    read = Stylesheet.reparse

    def counted(sheet: Stylesheet) -> None:
        again.append(sheet)
        read(sheet)

    monkeypatch.setattr(Stylesheet, "reparse", counted)
    async with staged(theme="paper") as stage:

        def panel() -> tuple[Color, Color]:
            asked = stage.app.get_css_variables()["panel"]
            return stage.app.window.status_bar.styles.background, Color.parse(asked)

        paper = panel()
        assert paper[0] == paper[1]
        assert again == []
        stage.app.window.wear("ink")
        await stage.pilot.pause()
        ink = panel()
        assert ink[0] == ink[1] != paper[0]
        assert len(again) == 1
