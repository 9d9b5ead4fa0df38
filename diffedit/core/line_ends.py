r"""Line ends of a mixed file: its "\r" stay in the text, and no edit of lines may cost them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from diffedit.core.align import gaps
from diffedit.core.draft import Draft
from diffedit.core.span import Span
from diffedit.core.stretch import Stretch, Stretches, joined, places
from diffedit.core.text import Text


def at_end(text: Text, span: Span) -> str:
    r"""What stands before the newline of the span's last row: "\r" or "".

    A row that has no newline goes by the row above it.
    """
    row = text.location(span.end)[0]
    last = row == len(text.lines) - 1
    return "\r" if text.lines[row - last if row else 0].endswith("\r") else ""


def mixed(text: Text, span: Span) -> bool:
    r"""Whether a row in or beside the span has a "\r" at its end."""
    first, last = text.location(span.start)[0], text.location(span.end)[0]
    return any(line.endswith("\r") for line in text.lines[max(first - 1, 0) : last + 2])


def bare(text: str, after: str = "") -> str:
    r"""A text as a model is to see it: without the "\r" before each newline.

    Its own last one goes as well where a newline comes `after` it.
    """
    if after.startswith("\n"):
        text = text.removesuffix("\r")
    return text.replace("\r\n", "\n")


def moved(text: str, stretches: Iterable[Stretch]) -> Stretches:
    """Where stretches of a text stand in the bare one."""
    pairs = [at for at, char in enumerate(text) if char == "\r" and text[at + 1 : at + 2] == "\n"]
    return joined(
        (start - bisect_left(pairs, start), end - bisect_left(pairs, end))
        for start, end in stretches
    )


def ended_alike(page: Text, draft: Draft, text: str) -> str:
    """A finished text of a draft with the line ends that its lines have on the page."""
    if not mixed(page, draft.span):
        return text
    if draft.between:
        return _place_by_place(page, draft, text)
    return kept(draft.original, text, end=at_end(page, draft.span))


def _place_by_place(page: Text, draft: Draft, text: str) -> str:
    """The same for several places: rows of one are never taken for rows of another."""
    old, between, new = draft.original, joined(draft.between), bare(text)
    alike = moved(old, between)
    spots = places(bare(old), alike, new) if len(alike) == len(between) else None
    if spots is None:
        return text
    whole, before, after = list[str](), 0, 0
    for (first, last), (start, end) in zip(
        (*between, (len(old), len(old))), (*spots, (len(new), len(new))), strict=True
    ):
        place = Span(draft.span.start + before, draft.span.start + first)
        whole += kept(old[before:first], new[after:start], end=at_end(page, place)), old[first:last]
        before, after = last, end
    return "".join(whole)


def kept(old: str, new: str, *, end: str) -> str:
    r"""The new text of a span with the line ends of the old one.

    A row that is as it was ends as it did, one that took another's place ends as that did, and
    one more ends as its neighbour. `end` is what the page has where the span's last row ends.
    """
    if "\r" not in old and not end:
        return new
    *rows, tail = old.split("\n")
    ends = ["\r" if row.endswith("\r") else "" for row in rows] + [end]
    *lines, last = (line.removesuffix("\r") for line in new.split("\n"))
    wanted = list[str | None]([None] * len(lines))
    reached = (0, 0)
    bare = [row.removesuffix("\r") for row in (*rows, tail)]
    for block in (*gaps(bare, [*lines, last]), None):
        until = block.old_start if block else len(bare)
        same = range(until - reached[0])
        pairs = [(reached[0] + n, reached[1] + n) for n in same]
        if block is not None:
            both = zip(
                range(block.old_start, block.old_end),
                range(block.new_start, block.new_end),
                strict=False,
            )
            pairs += both
            reached = block.old_end, block.new_end
        for before, after in pairs:
            if after < len(wanted):
                wanted[after] = ends[before]
    neighbour = next((one for one in wanted if one is not None), ends[0])
    whole = list[str]()
    for line, own in zip(lines, wanted, strict=True):
        neighbour = neighbour if own is None else own
        whole.append(line + neighbour)
    return "\n".join([*whole, last + ("\r" if tail.endswith("\r") else "")])
