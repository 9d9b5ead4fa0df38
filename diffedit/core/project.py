"""The files of the project that one stands in, as their names; nothing is opened."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

MOST = 50_000
"""No more names than this are gathered."""
PASSED_BY = frozenset(
    {
        *(
            "node_modules",
            "__pycache__",
            "venv",
            "target",
            "build",
            "dist",
            ".git",
            ".venv",
            ".tox",
        ),
        *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis", ".import_linter_cache"),
    }
)
"""Folders that hold what nobody writes by hand; hidden ones are passed by too."""
PATIENCE_S = 20.0


def root_of(place: Path) -> Path:
    """The folder with the repository that `place` lies in, or `place`."""
    start = place.absolute()
    for folder in (start, *start.parents):
        if (folder / ".git").exists():
            return folder
    return start


def names(root: Path) -> list[str]:
    """The files below `root`, as paths from there: what git would track, or all that is seen."""
    listed = _by_git(root)
    return sorted(islice(_walked(root), MOST)) if listed is None else listed


def _by_git(root: Path) -> list[str] | None:
    """What git tracks or would; None where it cannot say."""
    # A folder that someone sent may name programs for git to run; none is.
    safe = ("-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "--no-optional-locks")
    command = ["git", *safe, "-C", str(root), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        run = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    if run.returncode != 0:
        return None
    found = (os.fsdecode(name) for name in run.stdout.split(b"\0") if name)
    return list(dict.fromkeys(islice(found, MOST)))


def _walked(root: Path) -> Iterator[str]:
    """Every file below, hidden and made ones passed by."""
    for folder, below, files in os.walk(root):
        below[:] = sorted(
            name for name in below if not name.startswith(".") and name not in PASSED_BY
        )
        here = Path(folder).relative_to(root)
        for name in sorted(files):
            yield str(here / name)
