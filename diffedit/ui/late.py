"""Parts of the screen that are imported when they are asked for, so that the first text is soon."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from diffedit.ui.stage import Stage

if TYPE_CHECKING:
    from textual.command import Provider
    from textual.screen import Screen

    from diffedit.ui.window import Window


def palette() -> type[Provider]:
    """The list of commands."""
    from diffedit.ui.palette import Palette  # noqa: PLC0415 - what this module is for

    return Palette


def palette_screen() -> Screen[Any]:
    """The screen on which the list is shown."""
    from diffedit.ui.palette import PaletteScreen  # noqa: PLC0415

    return PaletteScreen()


class Wears(Stage, Protocol):
    """A stage whose looks can be changed."""

    @property
    def window(self) -> Window:
        """What is on the screen."""


async def pick(stage: Wears, kind: str, name: str) -> None:
    """Do what was picked: wear a theme, run a plugin's command, or one of the page's own actions.

    Raises DiffeditError.
    """
    if kind == "theme":
        stage.window.wear(name)
    elif kind == "page":
        await stage.window.editor.run_action(name)
    else:
        from diffedit.ui.plugin_desk import PluginDesk  # noqa: PLC0415

        PluginDesk(stage).run(name)
