"""Every theme as the screen's colours, and the figures as people read them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from stage_app import staged

from diffedit.config import themes
from diffedit.ui import haste
from diffedit.ui.pace import Pace, frames_per_second
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


def test_newest_picture_wins_and_the_last_one_comes() -> None:
    """Pictures that come too fast are left out; the newest is made up for when it is time."""
    now = [0.0]
    put_off: list[Callable[[], None]] = []
    painted: list[int] = []
    pace = Pace(10, lambda _, call: put_off.append(call), clock=lambda: now[0])
    for number in range(4):
        pace.offer(lambda number=number: painted.append(number))  # type: ignore[misc]
    assert painted == [0]
    now[0] = 0.1
    put_off.pop()()
    assert painted == [0, 3]
    assert not put_off
    pace.offer(lambda: painted.append(4), now=True)
    assert painted == [0, 3, 4]


def test_pictures_at_the_allowed_rate_do_not_wait() -> None:
    """Ten uneven pictures a second are painted as they come where ten are allowed."""
    now = [0.0]
    painted: list[int] = []
    pace = Pace(10, lambda _, call: painted.append(-1), clock=lambda: now[0])  # noqa: ARG005
    for number in range(50):
        now[0] = 1 + number * 0.1 + (0.03 if number % 2 else 0)
        pace.offer(lambda number=number: painted.append(number))  # type: ignore[misc]
    assert painted == list(range(50))


def test_no_more_pictures_than_allowed() -> None:
    """A hundred pictures a second come down to the ten that are allowed, a few saved up more."""
    now = [0.0]
    due: list[tuple[float, Callable[[], None]]] = []
    painted: list[float] = []
    pace = Pace(10, lambda wait, call: due.append((now[0] + wait, call)), clock=lambda: now[0])
    for number in range(300):
        now[0] = number / 100
        if due and due[0][0] <= now[0]:
            due.pop()[1]()
        pace.offer(lambda: painted.append(now[0]))
    assert 30 <= len(painted) <= 35


def test_fewer_pictures_over_ssh() -> None:
    """Over SSH ten a second are the most; at home what the settings say."""
    assert frames_per_second(20, {}) == 20
    assert frames_per_second(20, {"SSH_CONNECTION": "1.2.3.4"}) == 10
    assert frames_per_second(5, {"SSH_CONNECTION": "1.2.3.4"}) == 5


def test_sparkline_and_bar() -> None:
    """The highest value has the highest bar, and a share is said in figures too."""
    assert sparkline([2.0, 1.0, 0.0]) == "█▅▁"
    assert sparkline([]) == ""
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert share_bar(0.5) == "█████░░░░░ 50%"


async def test_what_is_first_shown_is_dressed(tmp_path: Path) -> None:
    """Textual would dress all of it anew when it is shown: nothing would look different."""
    (tmp_path / "a.py").write_text("x = 1\n")
    async with staged(tmp_path / "a.py") as stage:
        screen = stage.app.screen
        assert isinstance(screen, haste.Dressed)

        def colours() -> list[Any]:
            nodes = list(screen.walk_children(with_self=True))
            dressed = [node._component_styles for node in nodes]
            parts = [{name: one.get_rules() for name, one in styles.items()} for styles in dressed]
            return [(node, dict(node.styles.get_rules())) for node in nodes] + parts

        seen = colours()
        assert len(seen) > 40
        screen.update_node_styles(animate=False)
        assert colours() == seen
