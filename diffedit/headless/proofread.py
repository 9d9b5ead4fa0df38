"""`diffedit proofread`: where a file surprises a model, most surprising first."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from math import exp
from pathlib import Path

from diffedit.config import models
from diffedit.core import files
from diffedit.core.document import Document
from diffedit.core.errors import DiffeditError, RequestError, TooLongError
from diffedit.core.heat import by_heat, tokens_scored
from diffedit.core.show import one_line
from diffedit.core.span import Span
from diffedit.headless.output import (
    CHANGED,
    INTERRUPTED,
    UNCHANGED,
    WRONG,
    Output,
    code_of,
    in_lines,
)
from diffedit.headless.rewrite import language_of, span_of
from diffedit.worker.client import Client
from diffedit.worker.session import Session

LEAST = 5
"""The level of surprise from which on a place is told: less than one in five."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What the command line asks for."""

    path: Path
    lines: tuple[int, int] | None
    model: str
    device: str
    most: int = 10


def run(order: Order, output: Output, worker: tuple[str, ...] | None = None) -> int:
    """Read, and tell each surprising place in a line. 0: some, 1: none; nothing is raised."""
    try:
        return asyncio.run(_run(order, output, worker))
    except KeyboardInterrupt:
        return INTERRUPTED
    except TooLongError as error:
        output.note(in_lines(error))
        return WRONG
    except DiffeditError as error:
        output.note(str(error))
        return code_of(error)


async def _run(order: Order, output: Output, worker: tuple[str, ...] | None) -> int:
    document = Document(files.read(order.path).text)
    text = document.text
    if order.most < 1:
        raise RequestError(f"--most counts places from 1, so it cannot be {order.most}.")
    span = Span(0, len(text)) if order.lines is None else span_of(text, order.lines, order.path)
    model = models.find(order.model)
    if not model.installed:
        raise RequestError(
            f"The model {model.name} is not on this machine.",
            hint=f"Fetch it with `diffedit models pull {model.name}`.",
        )
    client = Client(worker)
    try:
        session = Session(document, client)
        scores = await session.score(
            span, model=model, language=language_of(order.path), device=order.device
        )
    finally:
        await client.close()
    tokens = tokens_scored(scores, surprised=True)
    places = by_heat(tokens, LEAST)[: order.most]
    for number in places:
        token = tokens[number]
        at = span.start + token.start + len(token.text) - len(token.text.lstrip())
        row, column = text.location(at)
        other = [c for c in token.choices if c.text.strip() and c.text != token.text][:3]
        likelier = ", ".join(f"{one_line(c.text.strip())} {c.probability:.0%}" for c in other)
        said = f"{one_line(token.text.strip())} {exp(-(token.nats or 0)):.1%}"
        output.text(f"{order.path}:{row + 1}:{column + 1}: {said}; likelier: {likelier}\n")
    return CHANGED if places else UNCHANGED
