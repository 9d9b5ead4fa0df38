"""Parts of the screen that are imported when they are asked for, so that the first text is soon."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.command import Provider

    from diffedit.ui.plugin_desk import PluginDesk
    from diffedit.ui.stage import Stage


def palette() -> type[Provider]:
    """The list of commands."""
    from diffedit.ui.palette import Palette  # noqa: PLC0415 - what this module is for

    return Palette


def plugin_desk(stage: Stage) -> PluginDesk:
    """The desk that runs plugins' commands."""
    from diffedit.ui.plugin_desk import PluginDesk  # noqa: PLC0415

    return PluginDesk(stage)
