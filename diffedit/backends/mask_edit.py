"""One edit for a mask-noise model: a canvas of masks after the prompt, the right text clamped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from diffedit.backends import small_canvas, small_fill, small_prompt
from diffedit.backends.causal_edit import Chat, Raw
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.core.stretch import touched
from diffedit.engine import prompt
from diffedit.engine.backend import Denoiser
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, Finished
from diffedit.engine.task import Task
from diffedit.engine.transfer import Schedule, Transfer

_LEAST = 16
"""Slots of the shortest hole: a mask model cannot make it longer."""
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

    def _rewriting(self, task: Task, params: DenoiseParams) -> CanvasRequest:
        span = small_prompt.shown(task)
        start = self._denoiser.encode(span.text)
        block = self._habits.block
        room = ceil((len(start) * 5 // 4 + _LINE) / block) * block
        ids = self._asked(task, span, len(start), room)
        lead = len(task.text) - len(task.text.lstrip("\n"))
        places = small_canvas.shifted(task, span) if task.keep else ()
        keep = self._slots(start, [(first + lead, end + lead) for first, end in places])

        def finish(answers: Sequence[str]) -> Finished:
            texts = [small_prompt.answer_text(answer, task, span) for answer in answers]
            whole = [small_prompt.closed(answer, span) for answer in answers]
            order = small_prompt.ranked(texts, whole, task)
            note = "The model changed nothing." if texts[order[0]] == task.text else ""
            return Finished(texts=(texts[order[0]],), note=note)

        return CanvasRequest(
            prefix=tuple(ids),
            start=tuple(start),
            known=tuple(token if slot in keep else None for slot, token in enumerate(start)),
            length=room,
            max_tokens=room,
            max_steps=self._steps(room),
            accept=self._transfer(self._denoiser.end_ids),
            temperature=_WARM if params.seed else 0.0,
            original=task.text,
            finish=finish,
            picture=lambda pieces: small_prompt.picture(pieces, task, span),
        )

    def _slots(self, ids: Sequence[int], places: Sequence[tuple[int, int]]) -> frozenset[int]:
        """The slots that have a character of what is to be kept: it stays where it stands."""
        return touched(self._denoiser.decode(ids), places) if places else frozenset()

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
        old = place.lead + task.text[len(place.own) :] if task.text.strip() else ""
        right = self._right(task, place)
        hole = self._hole(len(encode(old)), place)
        hole = min(hole, self._denoiser.context_length - len(ids) - len(right))
        if hole < 1:
            raise TooLongError("The text around the gap leaves no room for it.")
        start = encode(old)[:hole]
        moved = len(place.lead) - len(place.own)
        keep = self._slots(start, [(first + moved, end + moved) for first, end in task.keep])
        held = [token if slot in keep else None for slot, token in enumerate(start)]

        def picture(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
            raw = "".join(piece.text for piece in pieces)
            return small_fill.picture(pieces, place, small_fill.extent(raw, place))

        return CanvasRequest(
            prefix=tuple(ids),
            start=tuple(start),
            known=(*held, *[None] * (hole - len(held)), *right),
            hole=(0, hole),
            length=hole + len(right),
            max_steps=self._steps(hole),
            accept=self._transfer(frozenset()),
            temperature=_WARM if params.seed else 0.0,
            original=task.text,
            finish=lambda answers: _filled(answers[0], task, place),
            picture=picture,
        )

    def _right(self, task: Task, place: small_fill.Gap) -> list[int]:
        """The text after a gap, as it is held in the canvas: it reaches back into the hole."""
        if task.mode != "infill" or not task.after.strip():
            return []
        most = self._habits.right
        return self._denoiser.encode(place.end + task.after[: most * 16])[:most]

    def _hole(self, old: int, place: small_fill.Gap) -> int:
        """Slots of a hole: a quarter more than the old text had, or what lines usually take."""
        usual = place.wanted * _LINE or _OPEN
        return max(_LEAST, old * 5 // 4 + 4 if old else usual)

    def _steps(self, slots: int) -> int:
        return self._habits.steps or max(1, ceil(slots / 2))

    def _transfer(self, end_ids: frozenset[int]) -> Transfer:
        habits = self._habits
        return Transfer(schedule=habits.schedule, block=habits.block, end_ids=end_ids)


def _filled(answer: str, task: Task, place: small_fill.Gap) -> Finished:
    """The answer as it goes into the gap. Raises ModelError where there is none."""
    part = answer[slice(*small_fill.extent(answer, place))]
    if not part.strip():
        raise ModelError(
            "The model found nothing to put here.", hint="Run it again with another seed."
        )
    text = place.own + part + place.end
    note = "The model changed nothing." if text == task.text else ""
    return Finished(texts=(text,), note=note)
