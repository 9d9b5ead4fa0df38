"""One edit for the tuned model in the box: short prompts, and answers that are checked.

What is told stands in `small_tuned`, what is checked in `small_check`. A model this small is fond
of repeating the text that it was shown. So one look at that text tells where the model would leave
it, if anywhere, and each candidate begins with one of the likeliest ways. Where no answer of a
first round is sound there is a second one; where none of that is, nothing is changed, and what
there was can be stepped through.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Protocol

from diffedit.backends import small_check, small_prompt, small_tuned
from diffedit.backends.causal_edit import Habits, Ranking, rewritten_on
from diffedit.backends.small_keep import Keep
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError, RequestError, TooLongError
from diffedit.engine import rewrite
from diffedit.engine.backend import Cancelled
from diffedit.engine.causal import Window
from diffedit.engine.params import DenoiseParams
from diffedit.engine.prompt import fit_to_span, own_words
from diffedit.engine.request import DEFAULT_WINDOW, Finished, RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed, Typing, nothing

LEANING = 1.0
"""Nats by which a rewrite leans to the old text: measured on the validation part."""
FIRST, LATER = 4, 6
"""Candidates of the first round, and of the later one."""
TURNS = 6
"""Seeds after which the same ways to begin come again."""
NOTHING_SOUND = "No answer did what was asked and left the rest alone, so nothing was changed."


class Leaning(Ranking, Protocol):
    """A denoiser that can lean towards an old text, and say where the model would leave it."""

    keep: Keep | None

    def changes(self, ids: Sequence[int], count: int) -> list[tuple[int, ...]]:
        """The likeliest ways to leave this text: its beginning and one other id."""


class TunedEdits:
    """Turns rewrites into requests for the tuned model, and sees to its answers."""

    def __init__(
        self,
        denoiser: Leaning,
        markers: Mapping[str, int],
        *,
        habits: Habits | None = None,
        window: Window = DEFAULT_WINDOW,
    ) -> None:
        """`window`: how many slots are looked at, as it pays where this model computes."""
        self._denoiser, self._markers, self._window = denoiser, markers, window
        self._habits = habits or Habits()
        self._ways: tuple[Sequence[int], list[tuple[int, ...]]] = ((), [])
        """A text, and the ways to leave it: both rounds begin with some of them."""

    def run(
        self,
        task: Task,
        params: DenoiseParams,
        cancelled: Cancelled,
        typing: Typing = nothing,
    ) -> Iterator[Event]:
        """The edit, in one round or two. Raises RequestError, TooLongError or ModelError.

        An answer that was typed into is the person's as much as the model's: it is not judged.
        """
        request, heard = self.request(task, params), list[Typed]()

        def listening() -> Typed | None:
            news = typing()
            heard.extend(() if news is None else (news,))
            return news

        steps, first = 0, None
        for event in rewrite.rows(self._denoiser, request, params, cancelled, listening):
            if isinstance(event, Outcome) and event.stop != "cancelled":
                first = event
                break
            steps = event.step if isinstance(event, Step) else steps
            yield event
        if first is None:
            return
        if heard or (first.text != task.text and small_check.sound(task, first.text)):
            yield first
            return
        again = self.request(task, params, later=True)
        for event in rewrite.rows(self._denoiser, again, params, cancelled, listening):
            if isinstance(event, Step):
                yield replace(event, step=event.step + steps)
            elif isinstance(event, Outcome) and (heard or event.stop == "cancelled"):
                yield replace(event, steps=event.steps + steps)
            elif not isinstance(event, Started):
                yield _joined(task, first, event)

    def request(self, task: Task, params: DenoiseParams, *, later: bool = False) -> RowsRequest:
        """The task in tokens, for the first round or the later one.

        Raises RequestError, TooLongError or ModelError.
        """
        if task.keep:
            raise RequestError("This model cannot hold parts of the span; select less instead.")
        if not task.text.strip():
            raise RequestError("There is nothing selected to rewrite.", hint="Try infill.")
        denoiser, span = self._denoiser, small_prompt.shown(task)
        code = span.text.strip("\n")
        start = denoiser.encode(code)
        denoiser.keep = Keep(start, self._markers[small_tuned.END], LEANING)
        ids = self._prompt(code, task)
        room = self._room(ids, start)
        rows = LATER if later else params.candidates or FIRST
        fitted = partial(fit_to_span, original=task.text, before=task.before)

        def finish(answers: Sequence[str]) -> Finished:
            texts = [fitted(answer) for answer in answers]
            order = ranked(task, texts)
            note = "" if texts[order[0]] != task.text else "The model changed nothing."
            return Finished(texts=tuple(texts[n] for n in order), best=order[0], note=note)

        asked = RowsRequest(
            prefix=tuple(ids),
            start=tuple(start),
            nearby=tuple(denoiser.encode(task.instruction)),
            temperatures=(self._habits.cold if params.seed else 0.0,) * rows,
            max_tokens=room,
            heads=lambda: self._heads(start, rows, params.seed, later=later),
            enough=None if params.candidates else lambda raw: small_check.done(task, fitted(raw)),
            sense=own_words(task.instruction),
            circles=False,
            window=self._window,
            original=task.text,
            finish=finish,
            picture=lambda pieces: picture(pieces, task, span),
        )
        return replace(asked, relay=lambda typed: self._typed(asked, typed, task))

    def _typed(self, asked: RowsRequest, typed: Typed, task: Task) -> RowsRequest:
        """The same rewrite, each answer begun as the person has typed it."""
        denoiser, lead = self._denoiser, len(task.text) - len(task.text.lstrip("\n"))
        span = small_prompt.shown(task)
        now = rewritten_on(asked, typed, span, denoiser, min(lead, len(typed.head)))
        begun = now.prefix[len(asked.prefix) :]
        denoiser.keep = Keep(asked.start, self._markers[small_tuned.END], LEANING, begun=begun)
        return now

    def _prompt(self, code: str, task: Task) -> list[int]:
        wish = task.instruction.strip() or small_prompt.USUAL_WISH
        return small_tuned.rewrite_prompt(code, wish, self._denoiser.encode, self._markers)

    def _room(self, ids: Sequence[int], start: Sequence[int]) -> int:
        """Tokens that an answer may have. Raises TooLongError."""
        room, length = len(start) * 5 // 4 + self._habits.line_tokens, self._denoiser.context_length
        if len(ids) + room <= length:
            return room
        spare = len(ids) - len(start) + self._habits.line_tokens
        raise TooLongError(
            f"The span has {len(start):,} tokens; {(length - spare) * 4 // 9:,} fit into this "
            f"model's {length:,}, with the answer.",
            hint="Select less.",
        )

    def _heads(
        self, start: Sequence[int], rows: int, seed: int, *, later: bool
    ) -> list[tuple[int, ...]]:
        """What the candidates begin with: nothing for one of the first, ways to change for others.

        Left to itself the model likes to repeat what it was shown. Another seed begins with other
        ways.
        """
        if rows == 1:
            return [()]
        turn = (seed % TURNS) * (FIRST - 1 + LATER)
        skipped = turn + (FIRST - 1 if later else 0)
        if self._ways[0] != start:
            most = turn + max(rows, FIRST - 1 + LATER)
            self._ways = start, self._denoiser.changes(start, most)
        ways = self._ways[1][: skipped + rows]
        # A short text can be left in few ways only.
        skipped = max(0, min(skipped, len(ways) - rows))
        return ways[skipped:] if later else [(), *ways[skipped : skipped + rows - 1]]


def ranked(task: Task, texts: Sequence[str]) -> list[int]:
    """The numbers of the usable texts, each once: sound ones first, then no change, then the rest.

    Of the sound ones those come first that are surely what was asked for; of repairs the one that
    changes least. Raises ModelError where no text is usable.
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
            return 2, 0, n
        if not small_check.sound(task, text):
            return 3, 0, n
        rest = small_check.distance(task.text, text) if repair else 0
        return int(not small_check.done(task, text)), rest, n

    return sorted(once, key=key)


def _joined(task: Task, first: Outcome, second: Outcome) -> Outcome:
    """Both rounds' answers, ranked together; the text as it is where none is sound."""
    texts = list(
        dict.fromkeys([first.text, *first.alternatives, second.text, *second.alternatives])
    )
    texts = [texts[n] for n in ranked(task, texts)]
    note = second.note if texts[0] == second.text else first.note
    if not small_check.sound(task, texts[0]):
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
