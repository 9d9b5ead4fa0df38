"""Heat: how unsure a model is of each token, in eight levels that need no colour."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from math import exp
from typing import TYPE_CHECKING, NamedTuple

from diffedit.core.align import gaps

if TYPE_CHECKING:
    from diffedit.core.draft import Piece

BARS = "▁▂▃▄▅▆▇█"
"""A bar for each level, the surest first."""
EDGES = (0.02, 0.1, 0.3, 0.6, 1.0, 1.6, 2.4)
"""Where a level ends and the next begins, in nats: 98%, 90%, 74%, 55%, 37%, 20%, 9% sure."""


class Choice(NamedTuple):
    """What else might stand in a token's place."""

    text: str
    probability: float
    """From 0 to 1."""


class Scored(NamedTuple):
    """One token of a text as a model sees it."""

    text: str
    surprise: float
    """Minus the log of the probability of this very token, in nats."""
    entropy: float
    """How unsure the model is of this place, in nats."""
    choices: tuple[Choice, ...] = ()
    """The likeliest tokens here, the likeliest first; the token itself may be among them."""


class Token(NamedTuple):
    """One token of a draft under the heat."""

    start: int
    """Where it begins, in characters of the draft's text."""
    text: str
    nats: float | None
    """How unsure the model is of it; None where nobody knows."""
    choices: tuple[Choice, ...] = ()
    likely: float | None = None
    """Its own probability where the choices have theirs from: the text as it reads."""

    @property
    def end(self) -> int:
        """Where it ends."""
        return self.start + len(self.text)


def level(nats: float | None) -> int:
    """The level of an uncertainty in nats, 0 (sure) to 7; what is not known counts as sure."""
    return 0 if nats is None else bisect_right(EDGES, nats)


def tokens_of(pieces: Sequence[Piece], text: str) -> tuple[Token, ...]:
    """The pieces of a canvas as tokens of `text`.

    Where the finished text is not the joined pieces (its end was trimmed, its lines were fitted),
    what both have in common keeps its heat, and the rest has none.
    """
    joined = "".join(piece.text for piece in pieces)
    nats = [piece.entropy for piece in pieces for _ in piece.text]
    cuts = {sum(len(piece.text) for piece in pieces[:n]) for n in range(len(pieces))}
    if joined == text:
        return _tokens(text, nats, cuts)
    mine: list[float | None] = []
    edges = set[int]()
    reached = 0
    for block in (*gaps(joined, text), None):
        end = block.old_start if block else len(joined)
        edges |= {len(mine) + cut - reached for cut in cuts if reached <= cut < end}
        mine += nats[reached:end]
        if block:
            edges.add(len(mine))
            mine += [None] * (block.new_end - block.new_start)
            edges.add(len(mine))
            reached = block.old_end
    return _tokens(text, mine, edges)


def tokens_scored(scores: Sequence[Scored], *, surprised: bool = False) -> tuple[Token, ...]:
    """Scores as tokens: their heat is the entropy, or how surprised the model is at what stands."""
    found, at = list[Token](), 0
    for score in scores:
        nats = score.surprise if surprised else score.entropy
        found.append(Token(at, score.text, nats, score.choices, exp(-score.surprise)))
        at += len(score.text)
    return tuple(token for token in found if token.text)


def by_heat(tokens: Sequence[Token], least: int = 1) -> tuple[int, ...]:
    """The numbers of the tokens at `least` this level, the least sure first, then in order."""
    hot = [n for n, token in enumerate(tokens) if level(token.nats) >= least and token.text.strip()]
    return tuple(sorted(hot, key=lambda n: (-(tokens[n].nats or 0.0), n)))


def _tokens(text: str, nats: Sequence[float | None], cuts: set[int]) -> tuple[Token, ...]:
    """The text cut at `cuts`; each part has the heat of its first character."""
    edges = [*sorted(cut for cut in cuts | {0} if cut < len(text)), len(text)]
    return tuple(
        Token(start, text[start:end], nats[start]) for start, end in pairwise(edges) if start < end
    )
