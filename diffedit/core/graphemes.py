"""What a person sees as one character, as UAX 29 has it: marks and joined parts go together."""

from __future__ import annotations

import unicodedata

from diffedit.core.show import JOINER

FLAG_FIRST, FLAG_LAST = "\U0001f1e6", "\U0001f1ff"
_JOINED = (
    ("\u1160", "\u11ff"),  # Korean vowels and last consonants
    ("\ud7b0", "\ud7fb"),
    ("\u200c", "\u200c"),  # the non-joiner
    ("\uff9e", "\uff9f"),  # Japanese voicing marks of half width
    ("\U0001f3fb", "\U0001f3ff"),  # skin tones
    ("\U000e0020", "\U000e007f"),  # tags
)
"""What goes with the character before it, besides what Unicode calls marks."""


def following(line: str, column: int) -> int:
    """The column after the character that starts at `column`, marks and joined parts included."""
    end = column + 1
    if line.isascii() or end >= len(line):
        return min(end, len(line))
    if _is_flag(line[column]) and _is_flag(line[end]):
        end += 1
    while end < len(line) and (_extends(line[end]) or _joined(line, end)):
        end += 1
    return end


def preceding(line: str, column: int) -> int:
    """The column where the character that ends at `column` starts."""
    start = column - 1
    if line.isascii() or start <= 0:
        return max(start, 0)
    while start > 0 and (_extends(line[start]) or _joined(line, start)):
        start -= 1
    if _is_flag(line[start]):
        first = start
        while first > 0 and _is_flag(line[first - 1]):
            first -= 1
        start -= (start - first) % 2
    return start


def settle(line: str, column: int) -> int:
    """The nearest column at or before `column` where a cursor may rest."""
    if line.isascii() or column >= len(line):
        return min(column, len(line))
    start = preceding(line, column + 1)
    return column if start == column else start


def _joined(line: str, column: int) -> bool:
    """Whether a joiner makes one sign of this character and what stands before."""
    return line[column - 1] == JOINER and line[column] >= "\u00a9"


def _is_flag(character: str) -> bool:
    """Whether this is a regional indicator: two of them make a flag."""
    return FLAG_FIRST <= character <= FLAG_LAST


def _extends(character: str) -> bool:
    """Whether this belongs to the character before it, as UAX 29 has it.

    Marks, joiners, selectors, skin tones, the tags of a flag, the vowels and last consonants of
    Korean syllables that are spelled out.
    """
    if character < "\u0300":
        return False
    return (
        character == JOINER
        or any(first <= character <= last for first, last in _JOINED)
        or unicodedata.category(character)[0] == "M"
    )
