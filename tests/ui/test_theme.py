"""Every theme as the screen's colours, and the figures as people read them."""

import pytest

from diffedit.config import themes
from diffedit.ui.status import Status, line
from diffedit.ui.theme import screen_theme
from diffedit.ui.thinking import share_bar, sparkline


@pytest.mark.parametrize("name", themes.names())
def test_every_theme_becomes_a_screen_theme(name: str) -> None:
    """Textual can make all its colours from each theme that ships."""
    theme = themes.load(name)
    screen = screen_theme(theme)
    assert screen.dark == theme.dark
    assert screen.to_color_system().generate()["background"]


def test_a_terminals_own_colours_stay_its_own() -> None:
    """The 16-colour theme sets no colour that the terminal has not."""
    screen = screen_theme(themes.load("ansi"))
    assert screen.ansi
    assert screen.background == "ansi_default"
    assert str(screen.primary).startswith("ansi_")


@pytest.mark.parametrize("width", [1, 10, 40, 80, 200])
def test_the_status_line_fits(width: int) -> None:
    """It is exactly as wide as the screen, at any width."""
    status = Status(name="longish_name.py", modified=True, form="utf-8 LF", model="small · ready")
    assert line(status, width).cell_len == width


def test_what_is_going_on_is_the_last_to_go() -> None:
    """In a narrow terminal the place and the model give way to how to cancel."""
    status = Status(name="a.py", form="utf-8 LF", model="small", doing="denoising – Esc cancels")
    assert "Esc cancels" in line(status, 36).plain
    assert "small" not in line(status, 36).plain


def test_control_characters_in_a_name_are_harmless() -> None:
    """A file's name never reaches the terminal raw."""
    assert "\x1b" not in line(Status(name="a\x1b[2J.py"), 80).plain


def test_sparkline_and_bar() -> None:
    """The highest value has the highest bar, and a share is said in figures too."""
    assert sparkline([2.0, 1.0, 0.0]) == "█▅▁"
    assert sparkline([]) == ""
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert share_bar(0.5) == "█████░░░░░ 50%"
