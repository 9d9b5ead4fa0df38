"""A run's thought, canvas by canvas: what of it is shown, when it has to end, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from diffedit.engine.backend import Denoiser
from diffedit.engine.thought import Channel, Parts, shown, take_apart

UNCHANGED = "The text is left as it was."


class _Token(Protocol):
    @property
    def token(self) -> int: ...


S = TypeVar("S", bound=_Token)

_NOTHING = Parts(answer=(), blocks=(), thinking=False, ended=False)


class Thinking:
    """Moves: it follows the channel through the canvases, and ends a thought at its budget."""

    def __init__(self, channel: Channel | None, denoiser: Denoiser) -> None:
        self._channel, self._denoiser = channel, denoiser
        self._open = channel is not None and channel.begun
        self._before: list[str] = []
        """Raw texts of the blocks in finished canvases; the last one may go on."""
        self._now: list[str] = []
        self._parts = _NOTHING
        self._cut = False
        self.tokens = 0
        """Thought tokens in finished canvases."""
        self.canvases = 0
        """Finished canvases that ended inside a thought."""
        self.written = ""
        """A thought that the model wrote in tags of plain text, as an answer."""

    @property
    def possible(self) -> bool:
        """Whether the model has a channel at all."""
        return self._channel is not None

    def held(self) -> tuple[int | None, ...]:
        """What the next canvas has to begin with: the end of a thought that is over its budget."""
        channel = self._channel
        if channel is None or not self._open or not 0 < channel.budget <= self.tokens:
            return ()
        self._cut = True
        return (channel.close_id,)

    def seen(self, slots: Sequence[S]) -> list[S]:
        """Take the canvas apart as it stands: gives the slots of the answer, keeps the thought."""
        if self._channel is None:
            return list(slots)
        ids = [slot.token for slot in slots]
        self._parts = take_apart(ids, self._channel, self._denoiser.end_ids, thinking=self._open)
        texts = [
            "".join(self._denoiser.decode([ids[place] for place in block]))
            for block in self._parts.blocks
        ]
        self._now = _joined(self._before, texts) if self._open else self._before + texts
        return [slots[place] for place in self._parts.answer]

    def commit(self) -> None:
        """The canvas that was seen last is finished."""
        self.tokens += sum(len(block) for block in self._parts.blocks)
        self.canvases += self._parts.thinking
        self._before, self._open = self._now, self._parts.thinking
        self._parts = _NOTHING

    def text(self) -> str | None:
        """The thought so far; None where the model has none and none was asked for."""
        if self._channel is None:
            return None
        text = "\n\n".join(filter(None, (shown(self._now, self._channel.label), self.written)))
        return text.strip() or ("" if self._channel.asked else None)

    def note(self) -> str:
        """What a person should know of the thought besides its text."""
        blocks = sum(bool(shown([text], self._label)) for text in self._now)
        return " ".join(
            filter(
                None,
                (
                    f"It thought in {blocks} parts." if blocks > 1 else "",
                    f"The thought was ended after {self.tokens} tokens." if self._cut else "",
                ),
            )
        )

    def nothing(self, *, ended: bool) -> str:
        """Why there is no answer."""
        if not self._open:
            why = "The model gave an empty answer."
        elif ended:
            why = "The model's thought has no end mark, so no answer came after it."
        else:
            why = f"The model was still thinking after {self.tokens} tokens, so it gave no answer."
        return " ".join(filter(None, (why, UNCHANGED, self.note())))

    @property
    def _label(self) -> str:
        return self._channel.label if self._channel else ""


def _joined(before: list[str], texts: list[str]) -> list[str]:
    """Blocks of which the first of `texts` goes on with the last one before."""
    if not before or not texts:
        return before + texts
    return [*before[:-1], before[-1] + texts[0], *texts[1:]]
