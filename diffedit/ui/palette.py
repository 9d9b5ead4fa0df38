"""The command palette: commands with their keys, themes, models, and the plugins' commands."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

from rich.text import Text
from textual.command import CommandPalette, DiscoveryHit, Hit, Hits, Provider
from textual.visual import VisualType

from diffedit.config import models, plugins, themes
from diffedit.core.errors import DiffeditError
from diffedit.core.show import visible
from diffedit.ui.able import lacking
from diffedit.ui.commands import COMMANDS, editor_lines, listed
from diffedit.ui.keys import keys_of
from diffedit.ui.own_keys import in_force


class PaletteScreen(CommandPalette):
    """Textual's palette, which falls over page down while its list has nothing to show."""

    def __init__(self) -> None:
        super().__init__(id="--command-palette")

    def _action_command_list(self, action: str) -> None:
        """Hand a key on to the list; one that has not been laid out yet knows no pages."""
        with suppress(KeyError):
            super()._action_command_list(action)


Choose = Callable[[Any], None]
"""choose(app): what a line does that is no action of the app."""


def _choose(name: str, app: Any) -> None:
    """Edit with another model from here on."""
    app.start(app.models.choose(name))


class Palette(Provider):
    """Offers what there is; picking a line runs the app's action for it."""

    async def startup(self) -> None:
        """Look up what there is: once, and not again at every letter."""
        settings = getattr(self.app, "settings", None)
        self._all = list(_lines(settings.keys if settings is not None else {}))

    async def discover(self) -> Hits:
        """Everything, before a letter is typed."""
        for title, action, command in self._all:
            yield DiscoveryHit(self._shown(title, command, title), self._doing(action), title)

    async def search(self, query: str) -> Hits:
        """What fits the letters typed so far."""
        matcher = self.matcher(query)
        for title, action, command in self._all:
            if score := matcher.match(title):
                shown = self._shown(title, command, matcher.highlight(title))
                yield Hit(score, shown, self._doing(action), title)

    def _shown(self, title: str, command: str, plain: VisualType) -> VisualType:
        """A line; dimmed, with the reason, where the model cannot do what it says."""
        client = getattr(self.app, "client", None)
        abilities = client.abilities if client is not None else None
        need = lacking(command, abilities)
        return Text(f"{title}: this model {need.short}", "dim") if need else plain

    def _doing(self, action: str | Choose) -> Any:
        if isinstance(action, str):
            return partial(self.app.run_action, action)
        return partial(action, self.app)


def _lines(own: Mapping[str, str]) -> Iterator[tuple[str, str | Choose, str]]:
    """Each line of the palette with the action behind it, and the command that it is, if any."""
    for title, command in listed(own):
        yield title, f"app.command({command.id!r})", command.id
    for title, action in _others(own):
        yield title, action, ""


def _others(own: Mapping[str, str]) -> Iterator[tuple[str, str | Choose]]:
    """The lines that are no command of the app: what the page does, themes, models, plugins."""
    for title, action in editor_lines(own):
        yield title, f"app.pick('page', {action!r})"
    for name in (*themes.names(), *themes.styles()):
        yield f"Theme: {visible(name)}", f"app.pick('theme', {name!r})"
    try:
        for model in models.list_models():
            if model.installed and model.backend:
                yield f"Model: {visible(model.name)}", partial(_choose, model.name)
        found = plugins.commands()
    except DiffeditError:
        # The app has told of it at the start.
        return
    table = in_force(own)
    for plugin in found:
        title, keys = visible(plugin.title), keys_of(plugin.name, table)
        if plugin.title not in {command.title for command in COMMANDS}:
            yield f"{title}  ({keys})" if keys else title, f"app.pick('plugin', {plugin.name!r})"
