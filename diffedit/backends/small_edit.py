"""One edit for the tuned model in the box: short prompts, and answers that are checked.

What is told stands in `small_tuned`, what is checked in `small_check`. Where no answer of a first
round is sound there is a second one; where none of that is, nothing is changed, and what there
was can be stepped through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from diffedit.backends import small_check, small_fill, small_prompt, small_tuned
from diffedit.backends.causal_edit import Habits, Ranking, temperatures
from diffedit.backends.small_keep import Keep
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.engine import prompt, rewrite
from diffedit.engine.backend import Cancelled
from diffedit.engine.params import DenoiseParams
from diffedit.engine.prompt import fit_to_span
from diffedit.engine.request import Finished, RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task

LEANING = 1.0
"""Nats by which a rewrite leans to the old text: measured on the validation part."""
OTHER_SEED = 7919
"""What a second round adds to the seed."""
NOTHING_SOUND = "No answer did what was asked and left the rest alone, so nothing was changed."


class Leaning(Ranking, Protocol):
    """A denoiser that can lean towards an old text."""

    keep: Keep | None


class TunedEdits:
    """Turns tasks into requests for the tuned model, and sees to its answers."""

    def __init__(
        self, denoiser: Leaning, markers: Mapping[str, int], *, habits: Habits | None = None
    ) -> None:
        self._denoiser, self._markers = denoiser, markers
        self._habits = habits or Habits()

    def run(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """The edit, in one round or two. Raises RequestError, TooLongError or ModelError."""
        request = self.request(task, params)
        steps, first = 0, None
        for event in rewrite.rows(self._denoiser, request, params, cancelled):
            if isinstance(event, Outcome) and event.stop != "cancelled":
                first = event
                break
            steps = event.step if isinstance(event, Step) else steps
            yield event
        if first is None:
            return
        if small_check.sound(task, first.text) and first.text != task.text:
            yield first
            return
        again = replace(params, seed=params.seed + OTHER_SEED)
        for event in rewrite.rows(self._denoiser, self.request(task, again), again, cancelled):
            if isinstance(event, Step):
                yield replace(event, step=event.step + steps)
            elif isinstance(event, Outcome) and event.stop == "cancelled":
                yield replace(event, steps=event.steps + steps)
            elif not isinstance(event, Started):
                yield _joined(task, first, event)

    def request(self, task: Task, params: DenoiseParams) -> RowsRequest:
        """The task in tokens, for one round. Raises RequestError, TooLongError or ModelError."""
        if task.keep:
            raise RequestError("This model cannot hold parts of the span; select less instead.")
        if task.mode != "rewrite":
            return self._filling(task, params)
        if not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        return self._rewriting(task, params)

    def _rewriting(self, task: Task, params: DenoiseParams) -> RowsRequest:
        denoiser, span = self._denoiser, small_prompt.shown(task)
        end = self._markers[small_tuned.END]
        code = span.text.strip("\n")
        start = denoiser.encode(code)
        denoiser.keep = Keep(start, end, LEANING)
        wish = task.instruction.strip() or small_prompt.USUAL_WISH
        ids = small_tuned.rewrite_prompt(code, wish, denoiser.encode, self._markers)
        room = len(start) * 5 // 4 + self._habits.line_tokens
        if len(ids) + room > denoiser.context_length:
            spare = len(ids) - len(start) + self._habits.line_tokens
            most = (denoiser.context_length - spare) * 4 // 9
            raise TooLongError(
                f"The span has {len(start):,} tokens; {most:,} fit into this model's "
                f"{denoiser.context_length:,}, with the answer.",
                hint="Select less.",
            )

        def finish(answers: Sequence[str]) -> Finished:
            texts = [fit_to_span(answer, task.text, before=task.before) for answer in answers]
            order = ranked(task, texts)
            note = "The model changed nothing." if texts[order[0]] == task.text else ""
            return Finished(texts=tuple(texts[n] for n in order), best=order[0], note=note)

        return RowsRequest(
            prefix=tuple(ids),
            start=tuple(start),
            nearby=tuple(denoiser.encode(task.instruction)),
            temperatures=temperatures(params, self._habits.rewrite_rows, self._habits.cold),
            max_tokens=room,
            circles=False,
            original=task.text,
            finish=finish,
            picture=lambda pieces: picture(pieces, task, span),
        )

    def _filling(self, task: Task, params: DenoiseParams) -> RowsRequest:
        denoiser, habits = self._denoiser, self._habits
        denoiser.keep = None
        left = min(habits.left, denoiser.context_length // 2)
        near = prompt.budget(task.before, "", limit=left, count=self._count)
        place = small_fill.gap(task, small_fill.told(task, near.before))
        right = place.end + task.after[: small_tuned.RIGHT_TOKENS * 16]
        ids = small_tuned.fill_prompt(place.prompt, right, denoiser.encode, self._markers)
        lines = min(place.wanted * habits.line_tokens, habits.fill_tokens)
        room = min(lines or habits.continue_tokens, denoiser.context_length - len(ids) - 8)
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

        def seen(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
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
            picture=seen,
        )

    def _best_fill(
        self, parts: list[str], whole: list[bool], asked: tuple[Task, small_fill.Gap]
    ) -> Finished:
        """The answers that fit, each once: those the page can be read with, the likeliest first."""
        task, place = asked
        once = [n for n, part in enumerate(parts) if part.strip() and part not in parts[:n]]
        if not once:
            raise ModelError(
                "The model found nothing to put here.", hint="Run it again with another seed."
            )
        end = [self._markers[small_tuned.END]]
        rows = [self._denoiser.encode(place.lead + parts[n]) + end for n in once]
        found = dict(zip(once, self._denoiser.likelihoods(rows), strict=True))
        texts = {n: place.own + parts[n] + place.end for n in once}
        once.sort(key=lambda n: (not whole[n], not small_check.sound(task, texts[n]), -found[n]))
        note = "The model changed nothing." if texts[once[0]] == task.text else ""
        return Finished(texts=tuple(texts[n] for n in once), best=once[0], note=note)

    def _count(self, text: str) -> int:
        return len(self._denoiser.encode(text))


def ranked(task: Task, texts: Sequence[str]) -> list[int]:
    """The numbers of the usable texts, each once: sound ones first, then no change, then the rest.

    Of repairs the one that changes least is first. Raises ModelError where no text is usable.
    """
    once = [n for n, text in enumerate(texts) if text.strip() and text not in texts[:n]]
    if not once:
        raise ModelError(
            "The model gave no code, so nothing was changed.",
            hint="Say it in other words, or run it again with another seed.",
        )
    repair = task.mode == "rewrite" and small_check.broken(task)

    def key(n: int) -> tuple[int, int, int]:
        text = texts[n]
        if text == task.text:
            return 1, 0, n
        if not small_check.sound(task, text):
            return 2, 0, n
        return 0, small_check.distance(task.text, text) if repair else 0, n

    return sorted(once, key=key)


def _joined(task: Task, first: Outcome, second: Outcome) -> Outcome:
    """Both rounds' answers, ranked together; the text as it is where none is sound."""
    texts = list(
        dict.fromkeys([first.text, *first.alternatives, second.text, *second.alternatives])
    )
    texts = [texts[n] for n in ranked(task, texts)]
    note = second.note if texts[0] == second.text else first.note
    if task.mode == "rewrite" and not small_check.sound(task, texts[0]):
        texts, note = [task.text, *texts], NOTHING_SOUND
    return replace(
        second,
        text=texts[0],
        alternatives=tuple(texts[1:]),
        note=note,
        steps=first.steps + second.steps,
    )


def picture(pieces: tuple[Piece, ...], task: Task, span: small_prompt.Shown) -> tuple[Piece, ...]:
    """The pieces of a raw answer as they will stand in the page.

    While some of it is noise, the old lines that it has not come to yet are shown as noise, too.
    """
    lead = task.text[: len(task.text) - len(task.text.lstrip("\n"))]
    tail = task.text[len(task.text.rstrip("\n")) :]
    seen = [Piece(lead, "accepted")] if lead else []
    indent = span.indent if lead else span.first
    line_start = True
    for piece in pieces:
        out = ""
        for char in piece.text:
            if line_start and char != "\n":
                out += indent
            out += char
            line_start = char == "\n"
            indent = span.indent if line_start else indent
        if out:
            seen.append(piece._replace(text=out))
    if not pieces or any(piece.state == "noise" for piece in pieces):
        raw = "".join(piece.text for piece in pieces)
        old = task.text.strip("\n").split("\n")
        row = raw.count("\n")
        rest = old[row:] if not raw or raw.endswith("\n") else ["", *old[row + 1 :]]
        if any(rest):
            seen.append(Piece("\n".join(rest) + tail, "noise"))
            return tuple(seen)
    return (*seen, Piece(tail, "accepted")) if tail else tuple(seen)
