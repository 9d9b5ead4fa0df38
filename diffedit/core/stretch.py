"""Stretches: parts of a text, each from a first character up to, not with, a last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

Stretch = tuple[int, int]
Stretches = tuple[Stretch, ...]


def joined(stretches: Iterable[Stretch]) -> Stretches:
    """In reading order, what touches or overlaps made one, empty ones left out."""
    found: list[Stretch] = []
    for start, end in sorted(stretch for stretch in stretches if stretch[0] < stretch[1]):
        if found and start <= found[-1][1]:
            found[-1] = found[-1][0], max(found[-1][1], end)
        else:
            found.append((start, end))
    return tuple(found)


def rest(length: int, stretches: Iterable[Stretch]) -> Stretches:
    """What of a text of `length` characters lies in none of them."""
    found, reached = list[Stretch](), 0
    for start, end in joined(stretches):
        if start > reached:
            found.append((reached, min(start, length)))
        reached = max(reached, end)
    if reached < length:
        found.append((reached, length))
    return tuple(found)


def clipped(stretches: Iterable[Stretch], start: int, end: int) -> Stretches:
    """What of them lies in a part of the text, counted from that part's beginning."""
    cut = ((max(first, start) - start, min(last, end) - start) for first, last in stretches)
    return joined(cut)


def shifted(stretches: Iterable[Stretch], by: int) -> Stretches:
    """The same, `by` characters further on."""
    return tuple((start + by, end + by) for start, end in stretches)


def touched(texts: Sequence[str], stretches: Iterable[Stretch]) -> frozenset[int]:
    """Which of the texts, standing one behind the other, have a character in a stretch."""
    parts, found, at, number = joined(stretches), set[int](), 0, 0
    for place, text in enumerate(texts):
        while number < len(parts) and parts[number][1] <= at:
            number += 1
        if number < len(parts) and parts[number][0] < at + len(text):
            found.add(place)
        at += len(text)
    return frozenset(found)


def within(parts: Sequence[Stretch], stretches: Stretches) -> frozenset[int]:
    """Which of the parts lie wholly in one of the stretches."""
    return frozenset(
        number
        for number, (start, end) in enumerate(parts)
        if any(first <= start and end <= last for first, last in stretches)
    )


def places(old: str, stretches: Iterable[Stretch], new: str) -> Stretches | None:
    """Where each stretch of `old` stands in `new`, in order; None where one is not there.

    A stretch at an end of the old text must stand at that end of the new one; any other counts
    as standing where it is found first.
    """
    found, reached = list[Stretch](), 0
    for start, end in joined(stretches):
        part = old[start:end]
        place = len(new) - len(part) if end == len(old) else new.find(part, reached)
        if place < reached or new[place : place + len(part)] != part or (start == 0 and place):
            return None
        reached = place + len(part)
        found.append((place, reached))
    return tuple(found)


def held(old: str, stretches: Iterable[Stretch], new: str) -> bool:
    """Whether every stretch of `old` still stands in `new`, byte for byte and in order."""
    return places(old, stretches, new) is not None
