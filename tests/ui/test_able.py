"""What the present model cannot do is seen before it is asked for: dimmed, with the reason."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from rich.text import Text
from stage_app import Stage, script, staged
from textual.command import DiscoveryHit
from textual.content import Content
from textual.widgets import Static

from diffedit.engine.backend import Abilities
from diffedit.ui.able import NEEDS, Offer, fitting, lacking, why_not
from diffedit.ui.commands import BY_ID, COMMANDS, greyed
from diffedit.ui.dialogs import Help
from diffedit.ui.palette import Palette

TEXT = "def total(prices):\n    return 0\n"
ALL = Abilities(entropy=True, warm_start=True, score=True, images=True)
BARE = Abilities(frames=False, infill=False)


def bare(folder: Path) -> str:
    """A model that gives its text at once, and tells nothing more."""
    return script(folder, text="def total():\n    return 0", frames=[[["x", "accepted"]]])


def page(folder: Path) -> Path:
    """One function to edit."""
    path = folder / "page.py"
    path.write_text(TEXT)
    return path


def dimmed(shown: object) -> str:
    """What of a bar's text is dim."""
    assert isinstance(shown, Text)
    whole = [(0, len(shown), shown.style), *shown.spans]
    return " ".join(shown.plain[start:end] for start, end, style in whole if str(style) == "dim")


def test_every_need_is_of_a_command_and_of_an_ability() -> None:
    """The table names no command and no ability that there is not."""
    assert set(NEEDS) - {"image"} <= set(BY_ID)
    assert all(hasattr(ALL, name) for need in NEEDS.values() for name in need.abilities)


@pytest.mark.parametrize("command", sorted(NEEDS))
def test_a_model_can_or_it_is_said_why_not(command: str) -> None:
    """One of the abilities is enough; none of them is said; of no model, nothing is said."""
    assert lacking(command, ALL) is None
    assert why_not(command, BARE).endswith(".")
    assert why_not(command, None) == ""
    for name in NEEDS[command].abilities:
        able: dict[str, Any] = {name: True}
        assert lacking(command, replace(BARE, **able)) is None


def test_what_is_dimmed_goes_first_where_room_lacks() -> None:
    """Before it its reason, which the key says too; keys that work and the way out stay."""
    cannot = Offer("f", "fork", "starts from nothing", dimmed=True)
    offers = [cannot, Offer("h", "heat"), Offer("esc", "back")]
    assert fitting(iter(offers), 80).plain == "  f fork: starts from nothing  h heat  esc back"
    assert fitting(iter(offers), 40).plain == "  f fork  h heat  esc back"
    assert fitting(iter(offers), 20).plain == "  h heat  esc back"
    assert fitting(iter(offers), 4, always="esc").plain == "  esc back"


async def test_the_bars_dim_what_the_model_cannot(tmp_path: Path) -> None:
    """In the review no steps and no heat, in the look no fork and no other tokens."""
    async with staged(page(tmp_path), model=bare(tmp_path), size=(140, 24)) as stage:
        await stage.edit()
        shown = dimmed(stage.app.window.review_bar.render())
        assert "← steps: shows no steps" in shown
        assert "h heat: tells no doubt" in shown
        await stage.press("left")
        assert NEEDS["steps"].why in stage.said
        await stage.press("h", "tab")
        assert NEEDS["heat"].why in stage.said
        shown = dimmed(stage.app.window.look_bar.render())
        assert "f fork: starts from nothing" in shown
        assert "another token: tells no alternatives" in shown
        await stage.press("f")
        assert any("starts from nothing" in said or "no steps" in said for said in stage.said)


def heading(stage: Stage) -> str:
    """What of the prompt bar's upper line is dim."""
    static = stage.app.window.prompt.query_one("#prompt-heading", Static)
    return dimmed(static.content)


async def test_the_prompt_bar_dims_strength_and_pictures(tmp_path: Path) -> None:
    """A model that starts from nothing and sees nothing: both are said before it runs."""
    (tmp_path / "shot.png").write_bytes(b"")
    async with staged(page(tmp_path), model=bare(tmp_path), size=(140, 24)) as stage:
        await stage.saw("loaded")
        await stage.press("ctrl+k")
        assert "strength: starts from nothing" in heading(stage)
        await stage.press("alt+s")
        assert NEEDS["prompt_strength"].why in stage.said
        stage.app.window.prompt.put(f"as @{tmp_path / 'shot.png'}")
        await stage.pilot.pause()
        assert "image shot.png: sees no images" in heading(stage)


async def test_help_and_palette_dim_it_too(tmp_path: Path) -> None:
    """The page of keys and the list of commands say which of them this model has no use for."""
    async with staged(page(tmp_path), model=bare(tmp_path)) as stage:
        await stage.saw("loaded")
        palette = Palette(stage.app.screen)
        await palette.startup()
        hits = [hit async for hit in palette.discover()]
        lines = [
            dimmed(h.display)
            for h in hits
            if isinstance(h, DiscoveryHit) and h.help is None and isinstance(h.display, Text)
        ]
        assert any("this model scores no text" in line for line in lines)
        await stage.press("f1")
        assert isinstance(stage.app.screen, Help)
        text = stage.app.screen.query_one(Static).content
        assert f"{BY_ID['fork'].title}: this model starts from nothing" in dimmed(text)
        await stage.press("escape")


def test_a_model_that_can_do_all_has_nothing_dimmed() -> None:
    """Neither has an editor whose model is not loaded yet."""
    assert greyed(ALL) == greyed(None) == {}
    assert set(greyed(BARE)) < {command.title for command in COMMANDS}


@pytest.mark.parametrize("width", [60, 80, 110, 130])
async def test_the_prompt_bar_cuts_no_words(tmp_path: Path, width: int) -> None:
    """What does not fit is left out, the least needed first; the way out stays."""
    path = tmp_path / "page.py"
    path.write_text("x = 1\n")
    async with staged(path, size=(width, 24)) as stage:
        await stage.saw("loaded")
        await stage.press("ctrl+k")
        heading = stage.app.window.prompt.query_one("#prompt-heading", Static)
        told = heading.render()
        assert isinstance(told, Content)
        assert told.cell_length <= heading.size.width
        assert "enter run" in told.plain
        assert "esc close" in told.plain
        assert ("history" in told.plain) == (width == 130)
