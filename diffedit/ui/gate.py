"""The gate before an edit: checks look at the page as it would be, and may object once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from diffedit.core.change import ChangeSet
from diffedit.core.errors import BackendError, DiffeditError
from diffedit.core.show import one_line
from diffedit.core.span import Span

if TYPE_CHECKING:
    from diffedit.api import Rewrite
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.stage import Stage

PATIENCE = 20.0
"""Seconds that a check may take."""


class Gate:
    """Asks the checks that the settings name, and remembers what the person was told already."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._told: tuple[int, ChangeSet] | None = None

    def opens(self, buffer: Buffer, changes: ChangeSet) -> bool:
        """Whether changes may go in unasked: there is no check, or they were objected to before."""
        said = self._told == (buffer.page.revision, changes)
        return not self._stage.settings.gates or not changes or said

    async def objections(self, buffer: Buffer, changes: ChangeSet) -> list[str]:
        """What the checks have against changes, a line each."""
        rewrite, found = _rewrite(buffer, changes), list[str]()
        for name in self._stage.settings.gates:
            try:
                found += await _asked(name, rewrite)
            except DiffeditError as error:
                found.append(str(error))
        if found:
            self._told = (buffer.page.revision, changes)
        return found


def _rewrite(buffer: Buffer, changes: ChangeSet) -> Rewrite:
    """An edit as a check sees it."""
    from diffedit.api import Rewrite  # noqa: PLC0415 - not before there is one

    before, spans = str(buffer.page.text), list(changes.new_spans())
    return Rewrite(
        text=changes.apply(before),
        before=before,
        span=Span(spans[0].start, spans[-1].end),
        language=buffer.language,
        path=buffer.path,
    )


async def _asked(name: str, rewrite: Rewrite) -> list[str]:
    """What one check says. Raises DiffeditError, also for whatever goes wrong in it."""
    from diffedit.config import plugins  # noqa: PLC0415 - as above

    check = plugins.load("check", name)
    try:
        async with asyncio.timeout(PATIENCE):
            found = await asyncio.to_thread(lambda: list(check(rewrite)))
        return [f"{name}, line {one.line}: {one_line(one.message)}" for one in found]
    except TimeoutError:
        raise BackendError(f"The check {name!r} takes too long.") from None
    except DiffeditError:
        raise
    except Exception as error:  # a plugin may raise anything
        raise BackendError(plugins.failed("check", name, error)) from error
