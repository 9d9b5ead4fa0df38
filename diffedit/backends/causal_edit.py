"""One edit for a left-to-right model: what it is asked, and what is made of its answers.

What the model in the box and a GGUF file have in common. They differ in their tokens, in how a
chat is written (`Chat`), and in how much they can be shown (`Habits`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from diffedit.backends import small_fill, small_prompt
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.engine import prompt
from diffedit.engine.backend import CausalDenoiser
from diffedit.engine.gone_on import gone_on
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import Finished, RowsRequest
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed

Chat = Callable[[str, str, str], list[int]]
"""chat(system, question, opening): the ids of a prompt that ends where the answer goes on."""

Raw = Callable[[str], list[int]]
"""raw(text): the ids of a text to be gone on with; never empty."""


class Ranking(CausalDenoiser, Protocol):
    """A denoiser that can also say how likely a whole text is."""

    @property
    def room(self) -> int:
        """Tokens that a row may still have after the prefix."""

    def likelihoods(self, rows: Sequence[Sequence[int]]) -> list[float]:
        """Log p of each whole text after the prefix, in nats. Forgets the rows there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """How a model is used. The defaults are the model in the box's."""

    around: int = 96
    """Tokens of a rewrite's prompt for the text around the span: more confuses a small model."""
    left: int = 384
    """Tokens on the left that an infill reads."""
    right: int = 32
    """Tokens on the right that rank an infill's candidates."""
    rewrite_rows: int = 3
    fill_rows: int = 7
    continue_rows: int = 4
    line_tokens: int = 48
    """For one line of an answer."""
    continue_tokens: int = 96
    fill_tokens: int = 256
    """At most, for an infill of several lines."""
    cold: float = 0.5
    """Temperature of a rewrite's sampled candidates."""
    warm: float = 0.7
    """The same where there is no old text to keep to."""


class Edits:
    """Turns tasks into requests for one loaded model."""

    def __init__(
        self, denoiser: Ranking, chat: Chat, raw: Raw, *, habits: Habits | None = None
    ) -> None:
        self._denoiser, self._chat, self._raw = denoiser, chat, raw
        self._habits = habits or Habits()

    def request(self, task: Task, params: DenoiseParams) -> RowsRequest:
        """The task in tokens. Raises RequestError, TooLongError or ModelError."""
        if task.keep:
            raise RequestError("This model cannot hold parts of the span; select less instead.")
        if task.mode != "rewrite":
            return self._filling(task, params)
        if not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        return self._rewriting(task, params)

    def reading(self, task: Task) -> list[int]:
        """The ids of what stands left of the text that is to be scored, as much as fits.

        What follows the text is not looked at: a left-to-right model cannot. Raises TooLongError.
        """
        tokens, most = self._count(task.text), self._denoiser.context_length - 2
        if tokens > most:
            raise TooLongError(
                f"The span has {tokens:,} tokens; {most:,} fit.", hint="Select less."
            )
        limit = min(self._habits.left, most - tokens)
        return self._raw(prompt.budget(task.before, "", limit=limit, count=self._count).before)

    def _count(self, text: str) -> int:
        return len(self._denoiser.encode(text))

    def _rewriting(self, task: Task, params: DenoiseParams) -> RowsRequest:
        span = small_prompt.shown(task)
        start = self._denoiser.encode(span.text)
        room = len(start) * 5 // 4 + self._habits.line_tokens
        ids = self._asked(task, span, len(start), room)

        def finish(answers: Sequence[str]) -> Finished:
            texts = [small_prompt.answer_text(answer, task, span) for answer in answers]
            whole = [small_prompt.closed(answer, span) for answer in answers]
            order = small_prompt.ranked(texts, whole, task)
            note = "The model changed nothing." if texts[order[0]] == task.text else ""
            return Finished(texts=tuple(texts[n] for n in order), best=order[0], note=note)

        asked = RowsRequest(
            prefix=tuple(ids),
            start=tuple(start),
            nearby=tuple(self._denoiser.encode(task.instruction)),
            temperatures=temperatures(params, self._habits.rewrite_rows, self._habits.cold),
            max_tokens=room,
            stop=lambda text: small_prompt.closed(text, span),
            sense=prompt.own_words(task.instruction),
            circles=False,
            original=task.text,
            finish=finish,
            picture=lambda pieces: small_prompt.picture(pieces, task, span),
        )
        relay = lambda typed: rewritten_on(asked, typed, span, self._denoiser)  # noqa: E731
        return replace(asked, relay=relay)

    def _asked(self, task: Task, span: small_prompt.Shown, tokens: int, room: int) -> list[int]:
        """The prompt of a rewrite, with as much around the span as fits. Raises TooLongError."""
        length, habits = self._denoiser.context_length, self._habits
        bare = self._question(task, span, prompt.Context(before="", after=""))
        fits = length - room
        if len(bare) > fits:
            most = (length - (len(bare) - tokens) - habits.line_tokens) * 4 // 9
            raise TooLongError(
                f"The span has {tokens:,} tokens; {most:,} fit into this model's "
                f"{length:,}, with the answer.",
                hint="Select less.",
            )
        # The fences around it take room as well.
        limit = min(habits.around, max(0, fits - len(bare) - 96))
        near = prompt.budget(task.before, task.after, limit=limit, count=self._count)
        return self._question(task, span, near)

    def _question(self, task: Task, span: small_prompt.Shown, near: prompt.Context) -> list[int]:
        return self._chat(
            small_prompt.system(task, span, near.before, near.after),
            small_prompt.question(task, span),
            small_prompt.opening(task, span),
        )

    def place(self, task: Task) -> small_fill.Gap:
        """The gap of an infill or continue task, with as much text before it as is read."""
        left = min(self._habits.left, self._denoiser.context_length // 2)
        near = prompt.budget(task.before, "", limit=left, count=self._count)
        return small_fill.gap(task, small_fill.told(task, near.before))

    def _filling(self, task: Task, params: DenoiseParams) -> RowsRequest:
        denoiser, habits = self._denoiser, self._habits
        place = self.place(task)
        ids = self._raw(place.prompt)
        lines = min(place.wanted * habits.line_tokens, habits.fill_tokens)
        wanted = lines or habits.continue_tokens
        room = min(wanted, denoiser.context_length - len(ids) - habits.right - 8)
        old = place.lead + task.text[len(place.own) :] if task.mode == "infill" else ""

        def finish(answers: Sequence[str]) -> Finished:
            whole = [
                small_fill.complete(answer, place) or self._count(answer) < room - 1
                for answer in answers
            ]
            parts = [
                answer[slice(*small_fill.extent(answer, place, whole=done))]
                for answer, done in zip(answers, whole, strict=True)
            ]
            return self._best_fill(parts, whole, (task, place))

        def picture(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
            raw = "".join(piece.text for piece in pieces)
            return small_fill.picture(pieces, place, small_fill.extent(raw, place))

        rows = habits.fill_rows if place.wanted else habits.continue_rows
        return RowsRequest(
            prefix=tuple(ids),
            start=tuple(denoiser.encode(old)) if task.text.strip() else (),
            nearby=tuple(ids),
            temperatures=temperatures(params, rows, habits.warm),
            max_tokens=room,
            stop=lambda text: small_fill.complete(text, place),
            circles=False,
            original=task.text,
            finish=finish,
            picture=picture,
            relay=lambda typed: filled_on(
                typed, task, place.end, lambda rest: self._filling(rest, params)
            ),
        )

    def _best_fill(
        self, parts: list[str], whole: list[bool], asked: tuple[Task, small_fill.Gap]
    ) -> Finished:
        """The answers that fit, each once, the one that agrees best with what follows first."""
        task, place = asked
        once = [n for n, part in enumerate(parts) if part.strip() and part not in parts[:n]]
        if not once:
            raise ModelError(
                "The model found nothing to put here.", hint="Run it again with another seed."
            )
        if task.mode == "infill" and task.after.strip() and len(once) > 1:
            right = self.right(task.after)
            full = (place.lead + parts[n] + place.end + right for n in once)
            rows = [self._denoiser.encode(text)[: self._denoiser.room] for text in full]
            found = dict(zip(once, self._denoiser.likelihoods(rows), strict=True))
            once.sort(key=lambda n: -found[n])
        once.sort(key=lambda n: not whole[n])
        texts = [place.own + parts[n] + place.end for n in once]
        note = "The model changed nothing." if texts[0] == task.text else ""
        return Finished(texts=tuple(texts), best=once[0], note=note)

    def right(self, after: str) -> str:
        """The beginning of the text after the gap, to a line's end if one is near."""
        most = self._habits.right
        ids = self._denoiser.encode(after[: most * 16])[:most]
        text = "".join(self._denoiser.decode(ids))
        cut = text.rstrip("\n").rfind("\n")
        return text if len(ids) < most or cut <= 0 else text[:cut]


def rewritten_on(
    asked: RowsRequest,
    typed: Typed,
    span: small_prompt.Shown,
    denoiser: CausalDenoiser,
    lead: int = 0,
) -> RowsRequest:
    """The same rewrite, each answer begun as the person has typed it.

    White space at the end of what is begun is left to the model, whose tokens join it to a word.
    """
    raw = small_prompt.written(typed.head, span, lead).rstrip(" \t")
    rest = typed.rest.lstrip(" \t") if raw.endswith("\n") else typed.rest
    return gone_on(
        asked,
        typed,
        raw=raw,
        ids=denoiser.encode(raw),
        guesses=denoiser.encode(small_prompt.written(rest, replace(span, first=""))),
    )


def filled_on(
    typed: Typed, task: Task, end: str, ask: Callable[[Task], RowsRequest]
) -> RowsRequest:
    """The same gap from behind what was typed into it: that is text before the gap by then.

    `end` is what the whole gap has between its text and the text after it.
    """
    head, lines = typed.head, task.text.split("\n")
    left = "\n".join(lines[head.count("\n") :]) if task.text.strip() else ""
    rest = replace(task, before=task.before + head, text=left, after=end + task.after)
    asked = ask(rest)

    def finish(answers: Sequence[str]) -> Finished:
        try:
            finished = asked.finish(answers)
        except ModelError:
            return Finished(texts=(head + end,), note="The model had nothing to add.")
        return replace(finished, texts=tuple(head + text + end for text in finished.texts))

    return replace(
        asked,
        original=typed.text,
        finish=finish,
        picture=lambda pieces: (Piece(head, "accepted", 0.0), *asked.picture(pieces)),
    )


def temperatures(params: DenoiseParams, usual: int, warm: float) -> tuple[float, ...]:
    """The model's own choice first, then samples; another seed asks for samples alone."""
    rows = params.candidates or usual
    return ((warm if params.seed else 0.0), *[warm] * (rows - 1))
