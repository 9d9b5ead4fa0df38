"""A check that ships: what would ruff say of this edit?

Only what the edit brings in counts: the page is linted as it is and as it would be, with the
settings that ruff finds for the file. Ruff reads settings and the text; it runs neither.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from diffedit.api import BackendError, Problem, Rewrite

PATIENCE = 10
"""Seconds that ruff may take."""


def check(rewrite: Rewrite) -> Iterator[Problem]:
    """What ruff finds in the page as it would be, and not in the page as it is."""
    if rewrite.language not in ("python", "python3", "py"):
        return
    known = Counter(_name(found) for found in _lint(rewrite.before, rewrite.path))
    for found in _lint(rewrite.text, rewrite.path):
        if known[_name(found)]:
            known[_name(found)] -= 1
        else:
            yield Problem(line=found["location"]["row"], message=_name(found))


def _name(found: dict) -> str:
    """A finding as it is told: its code, if it has one, and what it says."""
    return f"{found['code'] or 'syntax'} {found['message']}"


def _lint(text: str, path: Path | None) -> list[dict]:
    """What ruff says of a text. Raises BackendError."""
    ruff = shutil.which("ruff")
    if ruff is None:
        raise BackendError("ruff is not installed: `pip install ruff`, or take it out of `gates`.")
    name = ("--stdin-filename", str(path)) if path is not None else ()
    try:
        run = subprocess.run(
            (ruff, "check", "--no-cache", "--output-format", "json", *name, "-"),
            input=text.encode("utf-8", "surrogateescape"),
            capture_output=True,
            cwd=path.parent if path is not None and path.parent.is_dir() else None,
            timeout=PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise BackendError(f"ruff could not be run: {error}") from error
    if run.returncode not in (0, 1):
        said = run.stderr.decode("utf-8", "replace").strip().splitlines()
        raise BackendError(f"ruff failed: {said[0] if said else run.returncode}")
    return json.loads(run.stdout or b"[]")
