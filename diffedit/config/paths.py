"""Where things lie on this machine: ours by platformdirs, or all in one folder by DIFFEDIT_HOME."""

from __future__ import annotations

import os
from pathlib import Path

from diffedit.core.errors import FileError

APP = "diffedit"
PACKAGE = Path(__file__).resolve().parents[1]


def _home(kind: str) -> Path | None:
    """The folder for `kind` under DIFFEDIT_HOME, if that is set."""
    home = os.environ.get("DIFFEDIT_HOME", "")
    return Path(home).expanduser().absolute() / kind if home else None


def _platform(kind: str) -> Path:
    """The folder for `kind` where this system keeps such things."""
    import platformdirs  # noqa: PLC0415 - where DIFFEDIT_HOME is set, it is not needed

    found: Path = getattr(platformdirs, f"user_{kind}_path")(APP, appauthor=False)
    return found


def data_dir() -> Path:
    """Large things that are fetched once: models."""
    return _home("data") or _platform("data")


def config_dir() -> Path:
    """What a person writes: settings.toml, themes/, plugins/."""
    return _home("config") or _platform("config")


def state_dir() -> Path:
    """What should outlive a session: the prompt bar's history, logs, rescue copies."""
    return _home("state") or _platform("state")


def cache_dir() -> Path:
    """What can be made again."""
    return _home("cache") or _platform("cache")


def log_file() -> Path:
    """Where the worker writes what the screen must not show."""
    return state_dir() / "worker.log"


def bundled(name: str) -> Path:
    """The folder `name` ("themes", "plugins") that ships with diffedit: in a wheel or a checkout.

    Raises FileError when the installation lacks it.
    """
    in_wheel = PACKAGE / "_bundled" / name
    if in_wheel.is_dir():
        return in_wheel
    root = PACKAGE.parent
    # Only a checkout of ours has pyproject.toml here: never take someone's site-packages/plugins.
    if (root / "pyproject.toml").is_file() and (root / name).is_dir():
        return root / name
    raise FileError(
        f"This installation of diffedit lacks its folder {name!r}.", hint="Install it again."
    )
