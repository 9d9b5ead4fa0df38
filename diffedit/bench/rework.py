"""`diffedit bench rework`: what going on from a draft costs, against running afresh.

Each way on is asked of the real model through the real worker, from the draft that a first run
left: steps and milliseconds of each stand beside those of that first run.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from diffedit.config import models
from diffedit.core import start as starts
from diffedit.core.document import Document
from diffedit.core.edit import Link
from diffedit.core.errors import DiffeditError, ModelError
from diffedit.core.heat import tokens_scored
from diffedit.core.span import Span
from diffedit.core.start import Start
from diffedit.core.stretch import Stretches
from diffedit.engine.backend import Abilities
from diffedit.engine.params import STRENGTHS, DenoiseParams
from diffedit.engine.task import Mode
from diffedit.worker.client import Client
from diffedit.worker.session import Session

PAGE = """\
import os


def total(prices, tax):
    # the sum of all prices
    result = 0
    for price in prices:
        result = result + price
    return result * tax
"""
WORDS = "rename result to amount"
OLD = PAGE[PAGE.index("def") : -1]
LINE = Span(PAGE.index("        result = result"), PAGE.index("\n    return"))
"""The line that adds."""
BETWEEN = (OLD.index("\n    result = 0") + 1, OLD.index("    for"))
"""What lies between two places: the line that begins with nothing."""
Row = tuple[str, int | None, float | None, str]
"""What was done, its steps, its milliseconds, and why not where it could not be."""
Way = tuple[str, str, Callable[[], Start]]
"""A way on: what it is, the ability that it needs, and its start."""


def run(model: str, *, device: str, as_json: bool) -> int:
    """Measure all, print the table. Exit code 3 where the first run already fails."""
    try:
        rows = asyncio.run(_measure(model, device))
    except DiffeditError as error:
        sys.stderr.write(f"diffedit: {error}\n")
        return 3
    if as_json:
        keys = ("what", "steps", "ms", "why_not")
        told = [dict(zip(keys, row, strict=True)) for row in rows]
        sys.stdout.write(json.dumps({"model": model, "rows": told}, indent=1) + "\n")
        return 0
    for what, steps, ms, why in rows:
        figures = f"{steps:>5} steps {ms:>9.0f} ms" if ms is not None else f"  {why}"
        sys.stdout.write(f"{what:<34}{figures}\n")
    return 0


async def _measure(name: str, device: str) -> list[Row]:
    client = Client()
    try:
        bench = _Bench(Session(Document(PAGE), client), models.find(name), device)
        return await bench.all()
    finally:
        await client.close()


def _from_draft(link: Link, *, clamp: bool) -> list[Way]:
    """The ways on that need nothing of the model."""
    text = link.draft.text
    rows, word = text.rstrip().count("\n") + 1, text.rindex(" ") + 1
    marked = ((word, len(text)),)
    ways: list[Way] = [
        ("follow up", "", lambda: starts.follow_up(text, (), 0)),
        (
            "think again about one word",
            "",
            lambda: starts.brushed(text, marked, (), parent=0, clamp=clamp),
        ),
        ("mend one line", "", lambda: starts.repaired(text, [rows - 1], "a name", (), 0)),
        (
            "half of the lines pinned",
            "",
            lambda: Start(text=OLD, kind="again", keep=((0, OLD.index("    for")),)),
        ),
    ]
    review = link.review
    if review.hunks:
        last = replace(review, current=len(review.hunks) - 1).said(wanted=False)
        ways.append(("the last change rejected, anew", "", lambda: starts.rejected(last, 0)))
    return ways


class _Bench:
    """One session, its first run, and every way on from there."""

    def __init__(self, session: Session, model: models.Model, device: str) -> None:
        self._session, self._model, self._device = session, model, device
        self._span = Span(PAGE.index("def"), len(PAGE) - 1)
        self._params = DenoiseParams(seed=1)

    async def all(self) -> list[Row]:
        """Every row, afresh first. Raises ModelError where that one fails."""
        await self._play("warm up", None)
        first = await self._play("afresh", None)
        link, abilities = self._session.edit.link, self._session.client.abilities
        if link is None or abilities is None:
            raise ModelError(f"The first run failed: {first[3]}")
        rows = [first]
        for what, need, start in await self._ways(link, abilities):
            self._session.edit = self._session.edit.turned(0)
            can = not need or getattr(abilities, need)
            why = f"this model has no {need}"
            rows.append(await self._play(what, start()) if can else (what, None, None, why))
        rows += await self._beside()
        for stop, noise in STRENGTHS[:-1] if abilities.warm_start else ():
            params = replace(self._params, noise=noise)
            rows.append(await self._play(f"strength: {stop}", None, params=params))
        return rows

    async def _beside(self) -> list[Row]:
        """What is asked of the page itself, in other ways than one run over all of it."""
        four = await self._play("four candidates", None, params=replace(self._params, candidates=4))
        if (link := self._session.edit.link) is not None and len(link.draft.texts) < 2:
            four = (four[0], None, None, four[3] or "it gave one answer")
        rows = [
            four,
            await self._play("two places, what is between held", None, between=(BETWEEN,)),
            await self._play(
                "a line filled in, its length found", None, mode="infill", span=LINE, words=""
            ),
        ]
        begun = time.monotonic()
        try:
            await self._session.score(self._span, model=self._model, device=self._device)
        except DiffeditError as error:
            return [*rows, ("proofread", None, None, str(error))]
        return [*rows, ("proofread", 1, 1000 * (time.monotonic() - begun), "")]

    async def _ways(self, link: Link, abilities: Abilities) -> list[Way]:
        """Each way on, the ability that it needs, and its start."""
        text, clamp = link.draft.text, abilities.clamp
        ways = _from_draft(link, clamp=clamp)
        if link.film:
            half = link.film.frames[len(link.film) // 2]
            ways.append(("fork from half way", "warm_start", lambda: starts.fork(half, 0)))
        if abilities.score:
            scores = await self._session.score(
                self._span, model=self._model, text=text, device=self._device
            )
            tokens = tokens_scored(scores)
            ways.append(
                (
                    "another token, the rest anew",
                    "",
                    lambda: starts.chosen(tokens, 3, "_", (), parent=0, clamp=clamp),
                )
            )
        return ways

    async def _play(  # noqa: PLR0913 - what is measured is said by name
        self,
        what: str,
        start: Start | None,
        *,
        params: DenoiseParams | None = None,
        between: Stretches = (),
        mode: Mode = "rewrite",
        span: Span | None = None,
        words: str = WORDS,
    ) -> Row:
        drafts = self._session.rewrite(
            span or self._span,
            instruction=words,
            mode=mode,
            between=between,
            params=params or self._params,
            model=self._model,
            language="python",
            device=self._device,
            start=start,
        )
        draft = [draft async for draft in drafts][-1]
        if draft.status != "settled":
            return what, None, None, draft.message
        return what, draft.figures.steps, draft.figures.elapsed_ms, ""
