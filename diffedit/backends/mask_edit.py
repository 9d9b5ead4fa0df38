"""One edit for a mask-noise model: a canvas of masks after the prompt, the right text clamped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

from diffedit.backends import small_canvas, small_fill, small_prompt
from diffedit.backends.causal_edit import Chat, Raw
from diffedit.backends.mask_gap import MaskGap, warm
from diffedit.core.errors import RequestError, TooLongError
from diffedit.core.stretch import touched
from diffedit.engine import holes, prompt
from diffedit.engine.backend import Denoiser
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished
from diffedit.engine.task import Task
from diffedit.engine.transfer import Schedule, Transfer
from diffedit.engine.typed import Typed

_LEAST = 16
"""Slots of the shortest hole with nothing right of it: a mask model cannot make it longer."""
_HOLE = 16
"""Slots of a line between two texts, if nothing stood there; other lengths are tried as well."""
_LINE, _OPEN = 24, 64
"""Slots for a line that is to be filled in, and for a text without a known end."""
_WARM = 0.5
"""Temperature of another seed's answer; the first seed has the model's own choices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskHabits:
    """How a mask model is used."""

    schedule: Schedule
    block: int = 32
    steps: int = 0
    """Steps of a canvas; 0: one for two slots."""
    around: int = 512
    """Tokens of the text around the span that a rewrite is shown."""
    left: int = 512
    right: int = 64
    """Tokens on the right of a gap that are held in the canvas."""


class MaskEdits:
    """Turns tasks into requests for one loaded model."""

    def __init__(self, denoiser: Denoiser, chat: Chat, raw: Raw, habits: MaskHabits) -> None:
        self._denoiser, self._chat, self._raw = denoiser, chat, raw
        self._habits = habits

    def request(self, task: Task, params: DenoiseParams) -> CanvasRequest:
        """The task in tokens. Raises RequestError, TooLongError or ModelError."""
        if task.mode != "rewrite":
            return self._filling(task, params)
        if not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        return self._rewriting(task, params)

    def _count(self, text: str) -> int:
        return len(self._denoiser.encode(text))

    def _rewriting(
        self, task: Task, params: DenoiseParams, typed: Typed | None = None
    ) -> CanvasRequest:
        span, block, asked_for = small_prompt.shown(task), self._habits.block, task
        asked = self._denoiser.encode(span.text)
        room = ceil((len(asked) * 5 // 4 + _LINE) / block) * block
        ids = self._asked(task, span, len(asked), room)
        if typed is not None:
            task = replace(task, text=typed.text, keep=typed.keep, noised=typed.noised)
            span = small_prompt.shown(task)
        start = self._denoiser.encode(span.text)
        room = max(room, ceil((len(start) + 1) / block) * block)
        if len(ids) + room > self._denoiser.context_length:
            raise TooLongError("What you typed does not fit into the canvas any more.")
        keep = self._slots(start, small_canvas.shifted(task, span, task.keep), task)
        hot = None
        if task.noised is not None:
            hot = self._slots(start, small_canvas.shifted(task, span, task.noised), task)

        return CanvasRequest(
            prefix=tuple(ids),
            start=tuple(start),
            known=tuple(token if slot in keep else None for slot, token in enumerate(start)),
            hot=hot,
            length=room,
            max_tokens=room,
            max_steps=self._steps(room),
            accept=self._transfer(self._denoiser.end_ids),
            temperature=_WARM if params.seed else 0.0,
            original=task.text,
            finish=lambda answers: _finished(answers, task, span),
            picture=lambda pieces: small_prompt.picture(pieces, task, span),
            relay=lambda typed: self._rewriting(asked_for, params, typed),
        )

    def _slots(
        self, ids: Sequence[int], places: Sequence[tuple[int, int]], task: Task
    ) -> frozenset[int]:
        """The slots that have a character of these places of a span as it is shown."""
        lead = len(task.text) - len(task.text.lstrip("\n"))
        moved = [(first + lead, end + lead) for first, end in places]
        return touched(self._denoiser.decode(ids), moved) if places else frozenset()

    def _asked(self, task: Task, span: small_prompt.Shown, tokens: int, room: int) -> list[int]:
        """The prompt of a rewrite, with as much around the span as fits. Raises TooLongError."""
        length = self._denoiser.context_length
        bare = self._question(task, span, prompt.Context(before="", after=""))
        if len(bare) + room > length:
            most = max(0, (length - (len(bare) - tokens) - 2 * _LINE) * 4 // 9)
            raise TooLongError(
                f"The span has {tokens:,} tokens; {most:,} fit into this model's "
                f"{length:,}, with the answer.",
                hint="Select less.",
            )
        limit = min(self._habits.around, max(0, length - room - len(bare) - 96))
        near = prompt.budget(task.before, task.after, limit=limit, count=self._count)
        return self._question(task, span, near)

    def _question(self, task: Task, span: small_prompt.Shown, near: prompt.Context) -> list[int]:
        return self._chat(
            small_prompt.system(task, span, near.before, near.after),
            small_prompt.question(task, span),
            small_prompt.opening(task, span),
        )

    def _filling(self, task: Task, params: DenoiseParams) -> CanvasRequest:
        encode, habits = self._denoiser.encode, self._habits
        left = min(habits.left, self._denoiser.context_length // 2)
        near = prompt.budget(task.before, "", limit=left, count=self._count)
        place = small_fill.gap(task, small_fill.told(task, near.before))
        ids = self._raw(place.prompt)
        right = self._right(task, place)
        most = self._denoiser.context_length - len(ids) - len(right)
        old = len(encode(place.lead + task.text[len(place.own) :])) if task.text.strip() else 0
        gap = MaskGap(
            denoiser=self._denoiser,
            task=task,
            place=place,
            right=tuple(right),
            holes=self._holes(old, place, most, tried=bool(right) and not warm(task, params)),
            most=most,
            steps=self._steps,
        )
        return gap.laid(
            CanvasRequest(
                prefix=tuple(ids),
                accept=self._transfer(frozenset()),
                temperature=_WARM if params.seed else 0.0,
            )
        )

    def _right(self, task: Task, place: small_fill.Gap) -> list[int]:
        """The text after a gap, as it is held in the canvas: it reaches back into the hole."""
        if task.mode != "infill" or not task.after.strip():
            return []
        most = self._habits.right
        return self._denoiser.encode(place.end + task.after[: most * 16])[:most]

    def _holes(self, old: int, place: small_fill.Gap, most: int, *, tried: bool) -> list[int]:
        """Slots that a hole may have. Where nothing stands right of it, its end is cut instead."""
        if tried:
            return holes.lengths(old, usual=place.wanted * _HOLE or 2 * _HOLE, most=most)
        hole = max(_LEAST, old * 5 // 4 + 4 if old else place.wanted * _LINE or _OPEN)
        return [min(hole, most)] if most > 0 else []

    def _steps(self, slots: int) -> int:
        return self._habits.steps or max(1, ceil(slots / 2))

    def _transfer(self, end_ids: frozenset[int]) -> Transfer:
        habits = self._habits
        return Transfer(schedule=habits.schedule, block=habits.block, end_ids=end_ids)


def _finished(answers: Sequence[str], task: Task, span: small_prompt.Shown) -> Finished:
    """The best of the answers, as it goes into the page. Raises ModelError where there is none."""
    texts = [small_prompt.answer_text(answer, task, span) for answer in answers]
    whole = [small_prompt.closed(answer, span) for answer in answers]
    best = texts[small_prompt.ranked(texts, whole, task)[0]]
    return Finished(texts=(best,), note="The model changed nothing." if best == task.text else "")
