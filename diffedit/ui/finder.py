"""Asks the other process to look through a folder, and passes on what it says."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from diffedit.core.errors import RequestError
from diffedit.core.search import Query

PATIENCE = 3.0
"""Seconds without a word after which an expression counts as one that never ends."""
START = 20.0
"""Seconds until the first word: git may have many files to list."""
LIMIT = 1 << 28
"""The longest answer, in bytes."""


async def find_in_files(
    query: Query, root: Path, open_texts: Mapping[str, str]
) -> AsyncGenerator[dict[str, Any], None]:
    """What `grep_child` says, line by line; left early, the other process is ended.

    Args:
        query: What is looked for.
        root: The folder.
        open_texts: What stands unsaved in the editor, by path: it is searched, not the file.

    Raises:
        RequestError: The expression is none, or it takes too long.
    """
    child = await _started()
    assert child.stdin is not None
    assert child.stdout is not None
    asked = {"query": asdict(query), "root": str(root), "open": dict(open_texts)}
    patience = START
    try:
        child.stdin.write(json.dumps(asked).encode() + b"\n")
        while True:
            async with asyncio.timeout(patience):
                line = await child.stdout.readline()
            if not line:
                raise RequestError("The search was broken off. Try again.")
            answer = dict(json.loads(line))
            if "error" in answer:
                raise RequestError(answer["error"])
            yield answer
            if answer.get("done"):
                return
            patience = PATIENCE
    except TimeoutError:
        raise RequestError("This expression takes too long. Make it simpler.") from None
    finally:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        child.stdin.close()
        await child.wait()


async def _started() -> asyncio.subprocess.Process:
    """The other process, that waits for a question."""
    from diffedit.worker.client import environment  # noqa: PLC0415 - only where it is used

    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "diffedit.ui.grep_child"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=LIMIT,
        start_new_session=True,  # the terminal's ctrl+c is meant for the editor
        env=environment(),
    )
