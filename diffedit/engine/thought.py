"""The reasoning channel: which tokens of an answer are thought and which are the answer itself.

Read from token ids, from scratch at every step: while a canvas denoises, markers come and go, so
what is thought at one step may be answer at the next.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from diffedit.core.draft import Piece

_OPEN, _CLOSE = "<think>", "</think>"
"""Some models write these as plain text, whatever their template says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """How a model marks its thought, and how long it may be."""

    open_id: int
    close_id: int
    label: str = ""
    """The channel's name, which a thought begins with; it is not shown."""
    asked: bool = False
    """The person asked for it. A model may think all the same; then it is shown all the same."""
    begun: bool = False
    """The prompt ends inside a thought."""
    budget: int = 0
    """Tokens after which a thought is ended, at the end of its canvas; 0: no limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """A stretch of ids, taken apart. Entries are places in it."""

    answer: tuple[int, ...]
    blocks: tuple[tuple[int, ...], ...]
    """The thought, a tuple a block; the first one may go on from before the stretch."""
    thinking: bool
    """The stretch ends inside a thought."""
    ended: bool
    """An end id stands in it; nothing after that counts."""


def take_apart(
    ids: Sequence[int], channel: Channel, end_ids: frozenset[int], *, thinking: bool
) -> Parts:
    """Which places of `ids` are answer, which are thought; `thinking`: they begin inside one."""
    answer, blocks, block = list[int](), list[tuple[int, ...]](), list[int]()
    was_thinking, ended = thinking, False
    for place, token in enumerate(ids):
        if token in end_ids:
            ended = True
            break
        if token == channel.open_id:
            if thinking:
                blocks.append(tuple(block))
            block, thinking, was_thinking = [], True, True
        elif token == channel.close_id:
            if thinking:
                blocks.append(tuple(block))
            block, thinking = [], False
        else:
            (block if thinking else answer).append(place)
    if thinking and was_thinking:
        blocks.append(tuple(block))
    return Parts(answer=tuple(answer), blocks=tuple(blocks), thinking=thinking, ended=ended)


def shown(texts: Sequence[str], label: str) -> str:
    """Thought blocks as one text, each without the channel's name, empty ones left out."""
    bodies = [text.removeprefix(label).strip() for text in texts]
    return "\n\n".join(body for body in bodies if body)


def without_tags(pieces: tuple[Piece, ...]) -> tuple[str, tuple[Piece, ...]]:
    """A thought that was written in tags of plain text, and the pieces after it."""
    text = "".join(piece.text for piece in pieces)
    if not text.lstrip().startswith(_OPEN):
        return "", pieces
    begin = text.index(_OPEN) + len(_OPEN)
    end = text.find(_CLOSE, begin)
    if end < 0:
        return text[begin:], ()
    after = end + len(_CLOSE)
    rest, at = list[Piece](), 0
    for piece in pieces:
        part = piece.text[max(0, after - at) :]
        at += len(piece.text)
        if part:
            rest.append(piece._replace(text=part))
    return text[begin:end], tuple(rest)
