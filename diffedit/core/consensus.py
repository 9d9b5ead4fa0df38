"""Several answers to one request: where they agree, and one answer with parts of another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from diffedit.core.align import gaps
from diffedit.core.diff import keep_hunks
from diffedit.core.sections import hunks_within
from diffedit.core.span import Span
from diffedit.core.stretch import Stretches, joined

_WORD = re.compile(r"\w+|\s+|[^\w\s]")


def disputed(text: str, others: Sequence[str]) -> Stretches:
    """Where `text` says something that not all the others say too, word by word."""
    words = _WORD.findall(text)
    places, at = list[int](), 0
    for word in words:
        places.append(at)
        at += len(word)
    places.append(at)
    found = list[tuple[int, int]]()
    for other in others:
        for block in gaps(words, _WORD.findall(other)):
            found.append((places[block.old_start], places[block.old_end]))
    return joined(found)


def agreement(text: str, others: Sequence[str]) -> float:
    """The share of `text` that all others say too, 0 to 1, white space left out."""
    if not text.strip():
        return 1.0
    apart = sum(len("".join(text[a:b].split())) for a, b in disputed(text, others))
    return 1 - apart / len("".join(text.split()))


def merged(original: str, mine: str, other: str, number: int, between: Stretches = ()) -> str:
    """`mine` with hunk `number` (against `original`) made as `other` has it there.

    The hunk may lie over several of the other's, which may lie over more of mine: all that hang
    together are exchanged, so that nothing is taken twice or lost.
    """
    ours = hunks_within(original, between, mine)
    theirs = hunks_within(original, between, other)
    taken, given = {number}, set[int]()
    grown = True
    while grown:
        first = min(ours[n].old.start for n in taken)
        last = max(ours[n].old.end for n in taken)
        first = min([first, *(theirs[n].old.start for n in given)])
        last = max([last, *(theirs[n].old.end for n in given)])
        more = {n for n, hunk in enumerate(theirs) if _touch(hunk.old, first, last)}
        again = {n for n, hunk in enumerate(ours) if _touch(hunk.old, first, last)}
        grown = more - given != set() or again - taken != set()
        taken |= again
        given |= more
    kept = [hunk for n, hunk in enumerate(ours) if n not in taken]
    got = [hunk for n, hunk in enumerate(theirs) if n in given]
    both = sorted((*kept, *got), key=lambda hunk: (hunk.old.start, hunk.old.end))
    return keep_hunks(original, both, range(len(both)))


def _touch(span: Span, first: int, last: int) -> bool:
    """Whether a hunk lies in a stretch of the old text, or at its very place."""
    if span.start == span.end or first == last:
        return span.start <= last and span.end >= first
    return span.start < last and span.end > first
