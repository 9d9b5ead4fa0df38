"""Plugins: found by their plugin.toml or entry point, imported only when asked for by name.

Plugins are code and run as you. They come from diffedit itself, from your own plugins folder and
from packages that you installed; no folder of a project is ever looked into.
"""

from __future__ import annotations

import importlib
import os
import re
import sys
import types
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from diffedit.config import paths, toml_file
from diffedit.core.errors import BackendError, DiffeditError, ModelError, RequestError
from diffedit.core.show import visible

if TYPE_CHECKING:
    from diffedit.api import CommandContext
    from diffedit.engine.backend import BackendFactory

Kind = Literal["backend", "command", "check", "open", "save"]
KINDS: tuple[Kind, ...] = ("backend", "command", "check", "open", "save")
"""Models; what can be done to a page; what may object to an edit; what is done to a page when its
file was opened, and before it is saved."""

BUILT_IN = {
    "small": "diffedit.backends.small:SmallBackend",
    "gguf": "diffedit.backends.gguf:GgufBackend",
    "diffusion-gemma": "diffedit.backends.diffusion_gemma:DiffusionGemmaBackend",
    "null": "diffedit.backends.null:NullBackend",
    "scripted": "diffedit.backends.scripted:ScriptedBackend",
}
"""The backends in the box; pyproject.toml names them too, for who looks there."""

_TOP = ("name", "kind", "entry", "api", "title", "summary")
_NAME = re.compile(r"[a-z][a-z0-9_-]*")
_OWN = re.compile(r"diffedit-\d")
"""What is written of diffedit itself where packages lie; what that names is in BUILT_IN."""
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plugin:
    """One plugin as it says it is; nothing of it has been imported."""

    name: str
    kind: Kind
    entry: str
    """module:attribute, the module lying in `folder` or, without one, importable."""
    source: str
    """Where it comes from, for people: a folder, or a package."""
    folder: Path | None = None
    title: str = ""
    """What the list of commands shows."""
    summary: str = ""


@dataclass(frozen=True, slots=True)
class Found:
    """What there is, and what is wrong with the rest, a line each."""

    plugins: tuple[Plugin, ...]
    notices: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandPlugin:
    """A command that may be run by name; its code is imported when it is."""

    name: str
    title: str
    run: Callable[[CommandContext], None]
    """Raises BackendError, in one line, for whatever goes wrong in the plugin."""


def folders() -> tuple[Path, ...]:
    """Where plugin folders are looked for: the ones that ship, then your own."""
    return (paths.bundled("plugins"), paths.config_dir() / "plugins")


def find() -> Found:
    """All plugins, without importing any. What cannot be one is a notice, never an error."""
    plugins: list[Plugin] = []
    notices: list[str] = []
    for name, entry in BUILT_IN.items():
        plugins.append(Plugin(name=name, kind="backend", entry=entry, source="diffedit"))
    for folder in folders():
        for path in sorted(folder.glob("*/plugin.toml")):
            try:
                plugins.append(_read(path))
            except RequestError as error:
                notices.append(f"A plugin was left out. {error}")
    plugins += _installed(tuple(sys.path))
    notices += [
        _clash(same)
        for kind, name in dict.fromkeys((one.kind, one.name) for one in plugins)
        if len(same := _named(plugins, kind, name)) > 1
    ]
    return Found(tuple(plugins), tuple(notices))


@lru_cache(maxsize=1)
def _installed(places: tuple[str, ...]) -> tuple[Plugin, ...]:
    """The plugins of installed packages. To look takes milliseconds, so it is done once."""
    if not any(map(_may_hold_some, places)):
        return ()
    from importlib.metadata import entry_points  # noqa: PLC0415 - slow, and not for every start

    points = entry_points()
    return tuple(
        Plugin(
            name=point.name,
            kind=kind,
            entry=point.value,
            source=point.dist.name if point.dist else "an unknown package",
        )
        for kind in KINDS
        for point in points.select(group=f"diffedit.{kind}s")
        # An installed diffedit lists its built-in backends as entry points of its own.
        if BUILT_IN.get(point.name) != point.value
    )


def _may_hold_some(place: str) -> bool:
    """Whether a package that lies there names us. False is sure, True is not.

    Most people have none, and importlib.metadata is a quarter of what a worker's start costs.
    """
    try:
        with os.scandir(place or ".") as entries:
            found = [entry.path for entry in entries if entry.name.lower().endswith("-info")]
    except NotADirectoryError:
        return True  # an archive: only importlib looks into it
    except OSError:
        return False
    return any(_names_us(Path(path)) for path in found if not _OWN.match(Path(path).name))


def _names_us(info: Path) -> bool:
    try:
        return b"[diffedit." in (info / "entry_points.txt").read_bytes()
    except OSError:
        return False


def names(kind: Kind) -> tuple[str, ...]:
    """The names of all plugins of a kind, each once, in the order they were found."""
    return tuple(dict.fromkeys(plugin.name for plugin in find().plugins if plugin.kind == kind))


def load(kind: Kind, name: str) -> Any:
    """What a plugin's entry names, imported. Raises ModelError or BackendError in one line."""
    found = find()
    same = _named(found.plugins, kind, name)
    if len(same) > 1:
        raise ModelError(_clash(same), hint="Rename or remove one of them.")
    if not same:
        hint = toml_file.nearest(name, {one.name for one in found.plugins if one.kind == kind})
        raise ModelError(visible(f"No {kind} named {name!r}."), hint=hint)
    return _imported(same[0])


def backends() -> tuple[str, ...]:
    """The names of all backends."""
    return names("backend")


def backend(name: str) -> BackendFactory:
    """The factory of a backend by name. Raises ModelError or BackendError in one line."""
    factory: BackendFactory = load("backend", name)
    return factory


def commands() -> tuple[CommandPlugin, ...]:
    """Every command plugin, ready to be listed; none is imported before it is run."""
    found = find().plugins
    return tuple(
        CommandPlugin(
            name=plugin.name,
            title=plugin.title or plugin.name,
            run=_runner("command", plugin.name),
        )
        for plugin in found
        if plugin.kind == "command" and len(_named(found, "command", plugin.name)) == 1
    )


def hooks(kind: Kind) -> tuple[Callable[[CommandContext], None], ...]:
    """What every plugin of a kind does to a page; each raises BackendError, in one line."""
    return tuple(_runner(kind, name) for name in names(kind))


def failed(kind: str, name: str, error: BaseException) -> str:
    """One line for whatever went wrong in a plugin."""
    return visible(f"The {kind} {name!r} failed: {_why(error)}")


def _named(plugins: tuple[Plugin, ...] | list[Plugin], kind: str, name: str) -> list[Plugin]:
    """All plugins of that kind and name; more than one is too many."""
    return [plugin for plugin in plugins if (plugin.kind, plugin.name) == (kind, name)]


def _clash(same: list[Plugin]) -> str:
    """The sentence for two of one name."""
    places = " and ".join(plugin.source for plugin in same)
    return visible(f"Two {same[0].kind}s are named {same[0].name!r}: in {places}.")


def _read(path: Path) -> Plugin:
    """A plugin.toml. Raises RequestError with file and line."""
    from diffedit.api import API_VERSION  # noqa: PLC0415 - the whole engine comes with it

    file = toml_file.read(path)
    file.check_keys(_TOP)
    for key in ("name", "kind", "entry", "api"):
        if key not in file.data:
            raise file.error(f"{key!r} is missing.")
    for key in _TOP:
        if key != "api" and not isinstance(file.data.get(key, ""), str):
            raise file.error(f"{key!r} must be text in quotes.", key)
    name, kind, entry = (file.data[key] for key in ("name", "kind", "entry"))
    if not _NAME.fullmatch(name):
        raise file.error("'name' must be small letters, digits, - and _.", "name")
    if kind not in KINDS:
        raise file.error(
            f"no kind of plugin is {kind!r}.", "kind", hint=toml_file.nearest(kind, KINDS)
        )
    if not _ENTRY.fullmatch(entry):
        raise file.error("'entry' must be written \"module:Name\".", "entry")
    if file.data["api"] != API_VERSION or isinstance(file.data["api"], bool):
        raise file.error(
            f"written for plugin API {file.data['api']!r}; this diffedit speaks {API_VERSION}.",
            "api",
        )
    return Plugin(
        name=name,
        kind=kind,
        entry=entry,
        source=str(path.parent),
        folder=path.parent,
        title=visible(file.data.get("title", "")),
        summary=visible(file.data.get("summary", "")),
    )


def _imported(plugin: Plugin) -> Any:
    """What the entry names. Raises BackendError for whatever the import comes to."""
    module, _, attribute = plugin.entry.partition(":")
    try:
        if plugin.folder is not None:
            module = f"{_package(plugin.name, plugin.folder)}.{module}"
        found: Any = importlib.import_module(module)
        for part in attribute.split("."):
            found = getattr(found, part)
        if not callable(found):
            raise TypeError(f"{attribute} cannot be called.")  # noqa: TRY301 - told like the rest
    except DiffeditError:
        raise
    except (Exception, SystemExit) as error:
        raise BackendError(
            visible(
                f"The plugin {plugin.name!r} in {plugin.source} cannot be loaded: {_why(error)}"
            )
        ) from error
    return found


def _package(name: str, folder: Path) -> str:
    """Make the folder a package of its own name, so that two plugins may each have a util.py."""
    package = "diffedit_plugin_" + name.replace("-", "_")
    module = sys.modules.get(package)
    if module is None or list(module.__path__) != [str(folder)]:
        for known in [key for key in sys.modules if f"{key}.".startswith(f"{package}.")]:
            del sys.modules[known]
        module = types.ModuleType(package)
        module.__path__ = [str(folder)]
        sys.modules[package] = module
    return package


def _runner(kind: Kind, name: str) -> Callable[[CommandContext], None]:
    """A function that imports a plugin when it is first run, and names it when it fails."""

    def run(context: CommandContext) -> None:
        does = load(kind, name)
        try:
            does(context)
        except DiffeditError:
            raise
        except (Exception, SystemExit) as error:
            raise BackendError(failed(kind, name, error)) from error

    return run


def _why(error: BaseException) -> str:
    """An exception as one line."""
    first = str(error).strip().splitlines()[:1]
    return f"{type(error).__name__}: {first[0]}" if first else f"{type(error).__name__}."
