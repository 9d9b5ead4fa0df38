"""The files that were opened last, across sessions; the newest first."""

from __future__ import annotations

import json
from pathlib import Path

from diffedit.config import paths

MOST = 200
TOUR = "diffedit-tour-"
"""What the name of the folder of a tour's sample begins with."""


def _file() -> Path:
    return paths.state_dir() / "recent.json"


def read() -> list[str]:
    """Their full names. Those that are gone are left out."""
    return [name for name in _names() if Path(name).is_file()]


def note(path: Path) -> None:
    """A file was opened. Where that cannot be kept, nothing is lost but this."""
    name = str(path.absolute())
    if ".git" in path.absolute().parts or path.parent.name.startswith(TOUR):
        return  # a message to a commit, or the tour's sample, is never opened again
    found = [name, *(other for other in _names() if other != name)]
    try:
        _file().parent.mkdir(parents=True, exist_ok=True)
        fresh = _file().with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_text(json.dumps(found[:MOST]), encoding="utf-8")
        fresh.replace(_file())
    except OSError:
        return


def _names() -> list[str]:
    try:
        found = json.loads(_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []
