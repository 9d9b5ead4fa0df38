"""What the tuned model in the box is told: as short as it can be, since tuning taught the rest.

A rewrite is one turn of a chat: the code, the wish, the code again. Of a gap the text after it
comes first, then the text before it, which the answer goes on from: so a model that reads left to
right has read both sides (Bavarian et al. 2022). `tune` trains on exactly these prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Encode = Callable[[str], list[int]]
"""encode(text): its ids, markers in the text being plain text."""

START, END = "<|im_start|>", "<|im_end|>"
GAP_SIDES = (900, 500)
"""Characters before and after a gap that are read."""
RIGHT_TOKENS = 48
"""Tokens right of a gap that a canvas holds."""


def rewrite_prompt(code: str, wish: str, encode: Encode, markers: Mapping[str, int]) -> list[int]:
    """Ids of a rewrite's prompt. The answer is the whole new code, then END.

    The code comes first: the same code asked again with another wish is read from the cache.
    """
    start, end = markers[START], markers[END]
    line = encode("\n")
    return [
        *(start, *encode("user\n" + code), *line, *encode(spoken(wish)), end, *line),
        *(start, *encode("assistant"), *line),
    ]


def gap_prompt(before: str, after: str, encode: Encode) -> list[int]:
    """Ids of a gap's prompt. The answer goes on from `before`; then `after` comes again.

    `before` ends where the answer's own white space begins, `after` begins with a whole line.
    """
    end = "" if after.endswith("\n") else "\n"
    return [*encode(f"# below\n{after}{end}# above\n"), *encode(before)]


def near(before: str, after: str, most: tuple[int, int]) -> tuple[str, str]:
    """Whole lines on both sides of a gap, of at most so many characters."""
    left, right = most
    if len(before) > left:
        before = before[len(before) - left :]
        before = before[before.find("\n") + 1 :]
    if len(after) > right:
        after = after[: after.rfind("\n", 0, right) + 1 or right]
    return before, after


def spoken(wish: str) -> str:
    """A wish as a sentence."""
    wish = wish.strip().rstrip(".")
    return f"{wish[:1].upper()}{wish[1:]}."
