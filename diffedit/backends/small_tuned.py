"""What the tuned model in the box is told: as short as it can be, since tuning taught the rest.

A rewrite is one turn of a chat: the code, the wish, the code again. A gap is filled from the text
right of it, told first, and the text left of it, told last: so the answer goes on where the left
text ends, as in any text (suffix, prefix, middle: Bavarian et al. 2022). `tune` trains on exactly
these prompts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Encode = Callable[[str], list[int]]
"""encode(text): its ids, markers in the text being plain text."""

START, END = "<|im_start|>", "<|im_end|>"
RIGHT_TOKENS = 48
"""Tokens right of a gap that the model is told."""


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


def fill_prompt(before: str, after: str, encode: Encode, markers: Mapping[str, int]) -> list[int]:
    """Ids of a gap's prompt. The answer is what stands in the gap, then END."""
    right = encode(after)[:RIGHT_TOKENS]
    return [markers[START], *right, markers[END], *encode(before)]


def spoken(wish: str) -> str:
    """A wish as a sentence."""
    wish = wish.strip().rstrip(".")
    return f"{wish[:1].upper()}{wish[1:]}."
