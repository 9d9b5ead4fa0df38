"""The answer as it grows: chunks are added to the text, or replace it (`diffusing`)."""

from __future__ import annotations

import re
from typing import Any

from diffedit.api import Piece

_FENCE = re.compile(r"\s*(```|~~~)[^\n]*\n?")
_WORDS = re.compile(r"\s*\S+|\s+")


class Answer:
    """What a server has said so far."""

    def __init__(self, *, diffusing: bool) -> None:
        self.diffusing = diffusing
        self.text = ""
        self.before = ""
        """The text one chunk ago."""
        self.thought: str | None = None
        self.chunks = 0
        self.tokens = 0
        """As the server counts them; else the chunks that added text; 0 where neither says."""
        self.ended = False
        self.cut = False
        """Whether the server stopped because there was no room for more."""
        self._counted = False

    def take(self, chunk: dict[str, Any]) -> bool:
        """One event of the stream; whether there is something new to show."""
        if chunk.get("done"):
            self.ended = True
            return False
        self._count(chunk.get("usage"))
        choices = chunk.get("choices")
        choice = choices[0] if isinstance(choices, list) and choices else {}
        # A server that does not stream sends one whole message in place of deltas.
        whole = choice.get("message")
        delta = whole or choice.get("delta") or {}
        new = delta.get("content") or ""
        thought = delta.get("reasoning_content") or delta.get("reasoning") or ""
        if thought:
            self.thought = (self.thought or "") + str(thought)
        if new:
            self.before = self.text
            self.text = str(new) if self.diffusing or whole else self.text + str(new)
        if reason := choice.get("finish_reason"):
            self.ended, self.cut = True, reason == "length"
        if not new and not thought:
            return False
        self.chunks += 1
        if new and not self._counted and not self.diffusing:
            self.tokens += 1
        return True

    def shown(self) -> str:
        """The text so far without the fence that a model may have put around it."""
        opening = _FENCE.match(self.text)
        if opening is None:
            return self.text
        return re.sub(r"\n?\s*(```|~~~)\s*$", "", self.text[opening.end() :])

    def pieces(self) -> tuple[Piece, ...]:
        """The text in pieces: what a diffusing model changed since last time is still noise."""
        shown = self.shown()
        if not self.diffusing or self.ended:
            return (Piece(shown, "accepted"),) if shown else ()
        old = _WORDS.findall(self.before)
        return tuple(
            Piece(word, "accepted" if place < len(old) and old[place] == word else "noise")
            for place, word in enumerate(_WORDS.findall(shown))
        )

    def _count(self, usage: Any) -> None:
        """Take the server's own count of tokens, where it gives one."""
        if isinstance(usage, dict) and isinstance(usage.get("completion_tokens"), int):
            self.tokens, self._counted = usage["completion_tokens"], True
