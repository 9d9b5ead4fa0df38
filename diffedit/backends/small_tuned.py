"""What the tuned model in the box is told: as short as it can be, since tuning taught the rest.

A rewrite is one turn of a chat: the code, the wish, the code again. `tune` trains on exactly this
prompt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

Encode = Callable[[str], list[int]]
"""encode(text): its ids, markers in the text being plain text."""

START, END = "<|im_start|>", "<|im_end|>"
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


def spoken(wish: str) -> str:
    """A wish as a sentence."""
    wish = wish.strip().rstrip(".")
    return f"{wish[:1].upper()}{wish[1:]}."
