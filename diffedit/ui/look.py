"""What a person looks at in a settled draft: a step of its run, a token of it, what is marked.

A value, free of the screen: every key of the look is one method that returns a new Look.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffedit.core.draft import PieceState
from diffedit.core.edit import Edit
from diffedit.core.heat import Scored, Token, by_heat, tokens_of, tokens_scored
from diffedit.core.stretch import Stretches, joined, places, rest, within

PACES = (1, 2, 4, 8, 16, 32)
"""Steps a second at which a run may be played again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One step (or the finished text), its tokens, and where among them the person is."""

    text: str
    tokens: tuple[Token, ...]
    states: tuple[PieceState, ...]
    """How each token was at this step; of the finished text, accepted, or kept where pinned."""
    last: bool = True
    """Whether it is the finished text, not a step on the way there."""
    at: int | None = None
    """The number of the token that is looked at."""
    marked: Stretches = ()
    """What the brush has touched."""
    between: Stretches = ()
    """What lies between the places of the edit, and is passed over."""
    heat: bool = False
    wrote: bool = True
    """Whether the heat is the doubt that the run had of a token as it wrote it; else how unlikely
    the model finds the token in the text as it reads."""
    playing: bool = False
    pace: int = 8

    @property
    def token(self) -> Token | None:
        """The token that is looked at."""
        return self.tokens[self.at] if self.at is not None and self.at < len(self.tokens) else None

    @property
    def _apart(self) -> frozenset[int]:
        """The tokens that are no part of the edit."""
        return within([(token.start, token.end) for token in self.tokens], self.between)

    def moved(self, by: int) -> Look:
        """To a token further on; blank ones are passed over, the ends are joined."""
        apart = self._apart
        written = [n for n, one in enumerate(self.tokens) if one.text.strip() and n not in apart]
        if not written:
            return self
        if self.at is None:
            return replace(self, at=written[0 if by > 0 else -1])
        after = [n for n in written if n > self.at]
        before = [n for n in written if n < self.at]
        if by > 0:
            return replace(self, at=after[0] if after else written[0])
        return replace(self, at=before[-1] if before else written[-1])

    def unsure(self, by: int) -> Look:
        """To the next token in the order of heat, the least sure first; the ends are joined."""
        apart = self._apart
        order = [number for number in by_heat(self.tokens) if number not in apart]
        if not order:
            return self
        place = order.index(self.at) + by if self.at in order else (0 if by > 0 else -1)
        return replace(self, at=order[place % len(order)], heat=True)

    def brushed(self) -> Look:
        """Mark the token, or take the mark away."""
        token = self.token
        if token is None:
            return self
        here = (token.start, token.end)
        if any(start < token.end and token.start < end for start, end in self.marked):
            left = rest(len(self.text), (*rest(len(self.text), self.marked), here))
            return replace(self, marked=_words(self.text, left))
        return replace(self, marked=_words(self.text, (*self.marked, here)))

    def painted(self, first: int, last: int, before: Stretches) -> Look:
        """At the last of these tokens, all from the first to it marked, and what was before."""
        low, high, apart = min(first, last), max(first, last), self._apart
        found = [
            (token.start, token.end)
            for number, token in enumerate(self.tokens[low : high + 1], start=low)
            if token.text.strip() and number not in apart
        ]
        return replace(self, at=last, marked=_words(self.text, (*before, *found)))

    def scored(self, scores: Sequence[Scored]) -> Look:
        """With what the model says of the finished text: what else might stand in each place.

        The doubt that the run itself had counts, where it had any: it knew what was asked for. Its
        tokens may lie elsewhere. Else the heat is how unlikely a token is, as of the choices.
        """
        found = tokens_scored(scores, surprised=True)
        if "".join(token.text for token in found) != self.text:
            return self
        own = [token.nats for token in self.tokens for _ in token.text]
        wrote = any(nats is not None for nats in own)
        if wrote:
            found = tuple(
                one._replace(
                    nats=max((n for n in own[one.start : one.end] if n is not None), default=None)
                )
                for one in found
            )
        token = self.token
        after = [n for n, one in enumerate(found) if token and one.end > token.start]
        states: tuple[PieceState, ...] = tuple("accepted" for _ in found)
        at = after[0] if after else None
        return replace(self, tokens=found, states=states, at=at, wrote=wrote)

    def proof(self, scores: Sequence[Scored]) -> Look:
        """The text as it stands, by how much each token surprises; at the most surprising one."""
        tokens = tokens_scored(scores, surprised=True)
        states: tuple[PieceState, ...] = tuple("accepted" for _ in tokens)
        look = replace(self, tokens=tokens, states=states, heat=True, at=None, wrote=False)
        return look.unsure(1)

    def paced(self, by: int) -> Look:
        """Play faster or slower."""
        place = PACES.index(self.pace) + by
        return replace(self, pace=PACES[min(max(place, 0), len(PACES) - 1)])


def _words(text: str, stretches: Stretches) -> Stretches:
    """Stretches without the blanks at their ends, which stay; those with blanks between are one.

    A token often has the blank before its word, and a line its indentation in the first one.
    """
    found = list[tuple[int, int]]()
    for start, end in joined(stretches):
        part = text[start:end]
        first = start + len(part) - len(part.lstrip())
        last = first + len(part.strip())
        if found and not text[found[-1][1] : first].strip(" \t"):
            first = found.pop()[0]
        if first < last:
            found.append((first, last))
    return joined(found)


def look_of(edit: Edit, before: Look | None = None) -> Look:
    """The look at the step of an edit; pace, heat and marks stay as they were before."""
    link, frame = edit.link, edit.frame
    assert link is not None
    text, last = link.draft.text, frame is None or edit.step == len(link.film) - 1
    if last:
        pieces = frame.pieces if frame is not None else link.draft.pieces
        tokens = tokens_of(pieces, text)
        states: tuple[PieceState, ...] = tuple("accepted" for _ in tokens)
    else:
        assert frame is not None
        text = frame.text
        written = [piece for piece in frame.pieces if piece.text]
        tokens = tokens_of(written, text)
        states = tuple(piece.state for piece in written)
    draft = link.draft
    between = places(draft.original, draft.between, text) or ()
    look = Look(text=text, tokens=tokens, states=states, last=last, between=between)
    if before is None:
        return look
    same = before.text == text and before.last == last
    return replace(
        look,
        heat=before.heat,
        pace=before.pace,
        playing=before.playing,
        wrote=before.wrote if same else True,
        tokens=before.tokens if same else tokens,
        states=before.states if same else states,
        at=before.at if same else None,
        marked=before.marked if same else (),
    )
