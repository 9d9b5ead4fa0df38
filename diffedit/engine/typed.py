"""What a person types into the canvas while it denoises, as a run takes it in between two steps.

It comes as a whole picture, never a delta: the text as it stands on the screen, what of it must
come back, and what of it is noise. A canvas is laid out anew from that, the prompt staying read;
a left-to-right model goes on behind the last thing that was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from diffedit.core.stretch import Stretches


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The picture as the person has left it."""

    text: str
    keep: Stretches
    """What must come back, in characters of `text`: what was typed, and what was pinned."""
    noised: Stretches
    """What of it is noise; the rest stays a start."""

    @property
    def head(self) -> str:
        """The text up to the last thing that must come back."""
        return self.text[: self.keep[-1][1]] if self.keep else ""

    @property
    def rest(self) -> str:
        """What stands after that: nobody's but the model's."""
        return self.text[len(self.head) :]


Typing = Callable[[], Typed | None]
"""Asked between steps: what was typed since it was asked last; None for nothing."""


def nothing() -> Typed | None:
    """Nobody types."""
    return None


def first(news: Typed, typing: Typing) -> Typing:
    """What was heard already, then what comes."""
    heard = [news]
    return lambda: heard.pop() if heard else typing()
