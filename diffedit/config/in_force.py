"""What is in force and where each value comes from, as TOML with a comment behind each line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from diffedit.config import settings as store
from diffedit.config.settings import PLAIN, Settings
from diffedit.core.show import one_line
from diffedit.engine.params import DenoiseParams

COLUMN = 40
"""Where the comments begin, if the values leave them room."""


def lines(settings: Settings, folder: Path | None = None) -> Iterator[str]:
    """The files that were asked, then every value; what can be pasted into a settings file."""
    own, project = store.settings_file(), store.project_file(folder)
    yield f"# yours:   {one_line(str(own))}{'' if own.is_file() else ' (not there)'}"
    yield f"# project: {one_line(str(project)) if project else 'none'}"
    yield "# Above them stand DIFFEDIT_... variables, then flags."
    yield ""
    for key in PLAIN:
        yield _line(key, getattr(settings, key), settings.origins.get(key))
    yield ""
    yield "[params]"
    defaults = DenoiseParams()
    for field in fields(DenoiseParams):
        value = getattr(settings.params, field.name)
        where = settings.origins.get(f"params.{field.name}")
        if value is None and getattr(defaults, field.name) is None:
            yield f"# {field.name} is not set"
        else:
            yield _line(field.name, value, where)
    yield from _table("keys", settings.keys, settings)
    for name, options in settings.models.items():
        yield from _table(f"models.{_key(name)}", options, settings, origin=f"models.{name}")


def _table(name: str, words: Any, settings: Settings, *, origin: str = "") -> Iterator[str]:
    """A table of a person's own, if it says anything."""
    if words:
        yield ""
        yield f"[{name}]"
    for key, value in words.items():
        where = settings.origins.get(origin or f"{name}.{key}")
        yield _line(_key(key), value, where)


def _line(key: str, value: Any, where: str | None) -> str:
    """One value, and where it comes from."""
    return f"{f'{key} = {_value(value)}':<{COLUMN}}  # {one_line(where or 'default')}"


def _key(key: str) -> str:
    """A key as TOML takes it."""
    bare = key and all(char.isascii() and (char.isalnum() or char in "_-") for char in key)
    return key if bare else _value(key)


def _value(value: Any) -> str:
    """A value as TOML takes it."""
    if value is None:
        return '"auto"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        plain = value.replace("\\", "\\\\").replace('"', '\\"')
        return '"' + "".join(c if c.isprintable() else f"\\U{ord(c):08X}" for c in plain) + '"'
    return str(value)
