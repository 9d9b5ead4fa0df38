"""What git holds of a file: the text in its index. Nothing of the repository is run for it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from pathlib import Path

from diffedit.core.form import decode

PATIENCE = 5.0
"""Seconds that git may take."""
MOST = 20_000_000
"""Bytes above which a file goes without marks."""
_HARMLESS = (
    # A folder that someone sent may name programs to run; none is.
    *("-c", "core.fsmonitor=false"),
    *("-c", "core.hooksPath=/dev/null"),
    *("-c", "core.pager=cat"),
    "--no-optional-locks",
    "--literal-pathspecs",
)


async def staged_text(path: Path) -> str | None:
    """The text of a file in git's index; None where there is no git, or it knows no such file."""
    real = _real(path)
    git = shutil.which("git") if _in_work_tree(real.parent) else None
    if git is None:
        return None
    try:
        child = await asyncio.create_subprocess_exec(
            *(git, *_HARMLESS, "cat-file", "blob", f":./{real.name}"),
            cwd=real.parent,
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError:
        return None
    data = b""
    try:
        async with asyncio.timeout(PATIENCE):
            data, _ = await child.communicate()
    except TimeoutError:
        return None
    finally:
        if child.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
            await child.wait()
    return decode(data)[0] if child.returncode == 0 and len(data) <= MOST else None


def _real(path: Path) -> Path:
    """The file that a path leads to."""
    return path.resolve()


def _in_work_tree(folder: Path) -> bool:
    """Whether git could know the folder, asked without starting it."""
    return folder.is_dir() and any((place / ".git").exists() for place in (folder, *folder.parents))


def _environment() -> dict[str, str]:
    """Ours, without what would make git look elsewhere or fetch anything."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    return kept | {"GIT_NO_LAZY_FETCH": "1", "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}
