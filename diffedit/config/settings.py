"""Settings: defaults < your settings.toml < the project's .diffedit.toml < environment < flags."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from diffedit.config import paths, toml_file
from diffedit.config.toml_file import TomlFile
from diffedit.core.errors import RequestError
from diffedit.core.show import visible
from diffedit.engine.params import DenoiseParams

PROJECT_FILE = ".diffedit.toml"

Words = Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a person may set, as it stands after all sources were read."""

    model: str = "small"
    """The model that rewrites, by a name that `diffedit models` knows."""
    device: str = "auto"
    """Where it runs: auto, cpu or cuda."""
    check: str = ""
    """Your own command that checks a draft; {file} stands for a file with the text."""
    pins: tuple[str, ...] = ()
    """What is pinned unless you say otherwise: signature, comments."""
    theme: str = "ink"
    tab_width: int = 4
    """Columns between tab stops, and spaces of one indent."""
    indent_with_tabs: bool | None = None
    """Whether the tab key types a tab; None: as the file does."""
    auto_pairs: bool = True
    """A bracket or quote that is typed brings its other half."""
    trim_on_save: bool = False
    """Take the blanks off the ends of lines when a file is saved."""
    show_blanks: bool = False
    """Paint blanks, tabs and line ends as signs."""
    line_numbers: bool = True
    relative_numbers: bool = False
    """Count lines from the cursor's; that one shows its own number."""
    soft_wrap: bool = False
    """Break long lines on screen at the right edge."""
    mouse: bool = True
    """Take the mouse; without it the terminal's own marking and pasting work as everywhere."""
    journal: bool = True
    """Keep what is typed, for undo after a restart and for what a crash would cost."""
    frames_per_second: int = 20
    """How often at most a draft is painted anew."""
    thinking_panel: bool = False
    """Open the Thinking Mode panel at start."""
    context_chars: int = 16_000
    """How much text on each side of the span the model is shown, in characters."""
    gates: tuple[str, ...] = ()
    """Plugins that look at an edit before it goes in, and may object: "ruff"."""
    params: DenoiseParams = field(default_factory=DenoiseParams)
    """The dials that a run starts from: [params]."""
    keys: Words = field(default_factory=dict)
    """Key to command id, "" to unbind: [keys], and "review.x" in [keys.review] for one place.

    The screen checks the ids.
    """
    models: Mapping[str, Words] = field(default_factory=dict)
    """Named models with options for their backends: [models.NAME]."""
    origins: Words = field(default_factory=dict)
    """Where each value that is no default came from, by dotted name ("keys.ctrl+r").

    FILE:LINE, or the name of a variable or a flag.
    """


Reader = Callable[[Any], Any]


def _whole(least: int, most: int) -> Reader:
    """Reads a whole number within bounds, written as a number or as text."""

    def reader(value: Any) -> int:
        number = int(value) if isinstance(value, str) and value.strip().isdecimal() else value
        if not isinstance(number, int) or isinstance(number, bool) or not least <= number <= most:
            raise ValueError(f"a whole number from {least} to {most}")
        return number

    return reader


_SAID = {"true": True, "yes": True, "on": True, "1": True}
_SAID |= {"false": False, "no": False, "off": False, "0": False}


def _switch(value: Any) -> bool:
    """Reads true or false, written as TOML does or as an environment variable may."""
    said = _SAID.get(value.lower()) if isinstance(value, str) else value
    if not isinstance(said, bool):
        raise ValueError("true or false")  # noqa: TRY004  # every reader says it the same way
    return said


def _auto_switch(value: Any) -> bool | None:
    """Reads true, false or "auto"."""
    if value == "auto":
        return None
    try:
        return _switch(value)
    except ValueError as error:
        raise ValueError('true, false or "auto"') from error


def _word(value: Any) -> str:
    """Reads a name."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a name in quotes")
    return value


def _names(value: Any) -> tuple[str, ...]:
    """Reads names: a list of them, or a text with commas between them."""
    found = [one.strip() for one in value.split(",")] if isinstance(value, str) else value
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ValueError('names in a list: ["ruff"]')
    return tuple(one for one in found if one)


def _device(value: Any) -> str:
    """Reads a device."""
    if value not in ("auto", "cpu", "cuda"):
        raise ValueError('"auto", "cpu" or "cuda"')
    return str(value)


def _command(value: Any) -> str:
    """Reads a command line; "" for none."""
    try:
        words = shlex.split(value) if isinstance(value, str) else None
    except ValueError as error:
        raise ValueError("a command as you would type it") from error
    if words is None or "\0" in value:
        raise ValueError("a command as you would type it")
    return str(value).strip()


def _kinds(value: Any) -> tuple[str, ...]:
    """Reads what is pinned: a list, or words with blanks between."""
    words = value.split() if isinstance(value, str) else value
    known = ("signature", "comments")
    if not isinstance(words, list | tuple) or any(word not in known for word in words):
        raise ValueError('a list of "signature" and "comments"')
    return tuple(word for word in known if word in words)


PLAIN: Mapping[str, Reader] = {
    "model": _word,
    "device": _device,
    "check": _command,
    "pins": _kinds,
    "theme": _word,
    "tab_width": _whole(1, 16),
    "indent_with_tabs": _auto_switch,
    "gates": _names,
    "auto_pairs": _switch,
    "trim_on_save": _switch,
    "show_blanks": _switch,
    "line_numbers": _switch,
    "relative_numbers": _switch,
    "soft_wrap": _switch,
    "mouse": _switch,
    "journal": _switch,
    "frames_per_second": _whole(1, 60),
    "thinking_panel": _switch,
    "context_chars": _whole(0, 1_000_000),
}
"""The settings that are one value, and what reads each."""

HARMLESS = (
    *("tab_width", "indent_with_tabs", "auto_pairs", "trim_on_save"),
    *("show_blanks", "line_numbers", "relative_numbers", "soft_wrap"),
)
"""What a project may set. It came with someone's repository: it chooses no model and no key."""

TABLES = ("params", "keys", "models")
"""The settings that are tables; only your own file has them."""


def settings_file() -> Path:
    """Your own settings."""
    return paths.config_dir() / "settings.toml"


def load(
    flags: Mapping[str, Any] | None = None,
    *,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Settings from all sources; `flags` are by field name, None meaning not given.

    Raises RequestError, naming file and line (or variable, or flag), for a value that cannot be.
    """
    environment = os.environ if environment is None else environment
    found: dict[str, Any] = {}
    origins: dict[str, str] = {}
    _must_be_readable(paths.config_dir())
    if (own := settings_file()).is_file():
        _take_file(toml_file.read(own), found, origins, allowed=(*PLAIN, *TABLES))
    if project := project_file(folder):
        _take_file(toml_file.read(project), found, origins, allowed=HARMLESS)
    for key in PLAIN:
        variable = f"DIFFEDIT_{key.upper()}"
        if value := environment.get(variable, ""):
            found[key] = _named(key, value, variable)
            origins[key] = variable
    for key, value in (flags or {}).items():
        if key not in {known.name for known in fields(Settings)}:
            raise RequestError(f"No setting {key!r}.", hint=toml_file.nearest(key, PLAIN))
        if value is not None:
            flag = f"--{key.replace('_', '-')}"
            found[key] = _named(key, value, flag) if key in PLAIN else value
            origins[key] = flag
    return Settings(**found, origins=origins)


def _must_be_readable(folder: Path) -> None:
    """Raise RequestError for a folder of settings that is there and cannot be looked into."""
    try:
        if folder.is_dir():
            next(folder.iterdir(), None)
    except OSError as error:
        raise RequestError(
            f"Your settings in {folder} cannot be read: {error.strerror or error}.",
            hint="`chmod u+rx` gives you leave; XDG_CONFIG_HOME names another place.",
        ) from error


def model_tables() -> Mapping[str, Words]:
    """The [models.NAME] tables of your own settings. Raises RequestError for a faulty file."""
    if not (own := settings_file()).is_file():
        return {}
    file = toml_file.read(own)
    return _models(file)


def project_file(folder: Path | None = None) -> Path | None:
    """The nearest .diffedit.toml, from `folder` (here) up to the project's root."""
    start = (folder or Path.cwd()).absolute()
    for place in (start, *start.parents):
        candidate = place / PROJECT_FILE
        if candidate.is_file():
            return candidate
        if (place / ".git").exists() or place == Path.home():
            return None
    return None


def _take_file(
    file: TomlFile, found: dict[str, Any], origins: dict[str, str], *, allowed: tuple[str, ...]
) -> None:
    """Add to `found` what a file says, and to `origins` where it says it."""
    for key in file.data:
        if key in (*PLAIN, *TABLES) and key not in allowed:
            raise file.error(
                f"{key!r} cannot be set by a project.",
                key,
                hint=f"Set it in {settings_file()}.",
            )
    file.check_keys(allowed)
    for key, value in file.data.items():
        if key in PLAIN:
            try:
                found[key] = PLAIN[key](value)
            except ValueError as error:
                raise file.error(f"{key!r} must be {error}, not {value!r}.", key) from error
            origins[key] = file.where(key)
    readers = {"params": _params, "keys": _keys, "models": _models}
    for table in TABLES:
        if table in file.data:
            found[table] = readers[table](file)
        for key in file.table(table):
            origins[f"{table}.{key}"] = file.where(table, key)
            if table == "keys" and isinstance(inner := file.table(table)[key], Mapping):
                origins |= {f"keys.{key}.{name}": file.where(table, key, name) for name in inner}


def _params(file: TomlFile) -> DenoiseParams:
    """The [params] table, each dial checked by itself so that the error finds its line."""
    file.check_keys(DenoiseParams.names(), "params")
    table = dict(file.table("params"))
    for key, value in table.items():
        # The two temperatures bound each other: alone, each must not trip over a default.
        pair = {"t_min": {"t_max": 1e9}, "t_max": {"t_min": 0.0}}.get(key, {})
        try:
            DenoiseParams.asked(**{**pair, key: value})
        except RequestError as error:
            raise file.error(error.message, "params", key) from error
    try:
        return DenoiseParams.asked(**table)
    except RequestError as error:
        raise file.error(error.message, "params") from error


def _keys(file: TomlFile) -> dict[str, str]:
    """The [keys] table; those of a place in a table of its own get its name before theirs."""
    found: dict[str, str] = {}
    for key, value in file.table("keys").items():
        inner = value if isinstance(value, Mapping) else {"": value}
        for name, command in inner.items():
            if not isinstance(command, str):
                at = ("keys", key, name) if name else ("keys", key)
                raise file.error(f"{name or key!r} must be text in quotes, not {command!r}.", *at)
            found[f"{key}.{name}" if name else key] = command
    return found


def _models(file: TomlFile) -> dict[str, dict[str, str]]:
    """The [models.NAME] tables; options are free words, numbers and switches written as words."""
    found: dict[str, dict[str, str]] = {}
    for name, table in file.table("models").items():
        if not isinstance(table, Mapping):
            raise file.error(f"write it as a table: [models.{name}].", "models", name)
        found[name] = {}
        for key, value in table.items():
            if isinstance(value, bool):
                found[name][key] = str(value).lower()
            elif isinstance(value, str | int | float):
                found[name][key] = str(value)
            else:
                raise file.error(
                    f"{key!r} must be text, a number, true or false.", "models", name, key
                )
    return found


def _named(key: str, value: Any, source: str) -> Any:
    """A value from a variable or a flag. Raises RequestError, naming it, if it cannot be."""
    try:
        return PLAIN[key](value)
    except ValueError as error:
        raise RequestError(visible(f"{source} must be {error}, not {value!r}.")) from error
