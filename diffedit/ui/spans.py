"""A span of a buffer: in rows, and without what was selected by the way."""

from __future__ import annotations

from diffedit.core.span import Span
from diffedit.core.stretch import Stretches
from diffedit.ui.buffers import Buffer


def without_last_newline(buffer: Buffer, span: Span) -> Span:
    """A selection of whole lines often ends at the start of the next one; that one is not meant."""
    text = buffer.page.text
    if not span.empty and text.location(span.end)[1] == 0:
        return Span(span.start, max(span.start, span.end - 1))
    return span


def rows_of(buffer: Buffer, span: Span) -> int:
    """How many lines a span touches."""
    text = buffer.page.text
    return text.location(span.end)[0] - text.location(span.start)[0] + 1


def pinned(buffer: Buffer, span: Span, kinds: frozenset[str]) -> Stretches:
    """What is pinned of a span by its kind, in characters of it."""
    if not kinds:
        return ()
    from diffedit.core.pins import pins_of  # noqa: PLC0415 - not before it is asked for

    return pins_of(buffer.page.text.slice(span), kinds, buffer.language)
