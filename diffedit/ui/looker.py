"""Looks for a query without ever holding up the keys, whatever the expression."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from diffedit.core.errors import RequestError
from diffedit.core.search import Found, Query, look

PATIENCE = 0.5
"""Seconds that some hundred rows may take; more means that the expression would never end."""
START = 10.0
"""Seconds that the other process has to come up, on a machine that is busy."""
LIMIT = 1 << 28
"""The longest answer, in bytes."""


class Looker:
    """Plain text is looked for at once; an expression in a process that is ended if it must be."""

    def __init__(self) -> None:
        self._child: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def look(
        self, query: Query, lines: Sequence[str], *, first: int, template: str | None = None
    ) -> list[Found]:
        """What `core.search.look` finds. Raises RequestError, also for what takes too long."""
        if not query.regex:
            found = look(query, lines, first=first, template=template)
            await asyncio.sleep(0)  # the keys come between two stretches of rows
            return found
        request = {"query": asdict(query), "lines": lines, "template": template}
        async with self._lock:
            await self._start()
            answer = await self._ask(json.dumps(request).encode() + b"\n", PATIENCE)
        if "error" in answer:
            raise RequestError(answer["error"])
        return [Found(row + first, *rest) for row, *rest in answer["found"]]

    async def close(self) -> None:
        """End the other process, if there is one."""
        child, self._child = self._child, None
        if child is None:
            return
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        assert child.stdin is not None
        child.stdin.close()
        await child.wait()

    async def _start(self) -> None:
        """Have the other process, awake."""
        if self._child is not None and self._child.returncode is None:
            return
        from diffedit.worker.client import environment  # noqa: PLC0415 - only where it is used

        await self.close()
        try:
            self._child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "diffedit.ui.search_child"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=LIMIT,
                start_new_session=True,  # the terminal's ctrl+c is meant for the editor
                env=environment(),
            )
        except OSError as error:
            raise RequestError(f"Expressions cannot be looked for: {error}.") from error
        nothing = b'{"query": {"pattern": ""}, "lines": [], "template": null}\n'
        await self._ask(nothing, START)

    async def _ask(self, request: bytes, patience: float) -> dict[str, Any]:
        """One answer, or the end of the other process."""
        child = self._child
        assert child is not None
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(request)
            async with asyncio.timeout(patience):
                await child.stdin.drain()
                line = await child.stdout.readline()
            return dict(json.loads(line))
        except TimeoutError:
            await self.close()
            raise RequestError("This expression takes too long. Make it simpler.") from None
        except (OSError, ValueError):  # it died, or was closed under us
            await self.close()
            raise RequestError("The search was broken off. Try again.") from None
        except asyncio.CancelledError:
            await self.close()
            raise
