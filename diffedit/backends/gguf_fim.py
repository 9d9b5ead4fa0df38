"""Fill-in-the-middle: what a model asks for that has tokens of its own for a gap."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diffedit.backends import small_fill
from diffedit.backends.causal_edit import Habits, filled_on, temperatures
from diffedit.backends.gguf_model import GgufModel
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine import prompt
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import Finished, RowsRequest
from diffedit.engine.task import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The three tokens that stand before the left text, the right one and the answer."""

    before: int
    after: int
    middle: int


def marks_of(model: GgufModel) -> Marks | None:
    """The file's own marks; None if it was not trained to fill gaps."""
    found = [model.token(name) for name in ("fim_pre", "fim_suf", "fim_mid")]
    before, after, middle = found
    if before is None or after is None or middle is None:
        return None
    return Marks(before=before, after=after, middle=middle)


def request(
    task: Task, params: DenoiseParams, model: GgufModel, marks: Marks, length: int, habits: Habits
) -> RowsRequest:
    """An infill task in the order that these models know: before, after, then the middle."""
    near = _near(task, model, min(habits.left + habits.left // 2, length // 2))
    place = small_fill.gap(task, near.before)
    end = place.end
    # The model splits words as it likes at the marks, so nothing has to be held back for it.
    place = replace(place, prompt=near.before, lead="", own="")
    left = small_fill.told(task, near.before)
    ids = _asked(model, marks, left, place.end + near.after)
    lines = min(max(place.wanted, 2) * habits.line_tokens, habits.fill_tokens)

    def finish(answers: Sequence[str]) -> Finished:
        texts = [fitted(answer, place) for answer in answers]
        once = [n for n, text in enumerate(texts) if text.strip() and text not in texts[:n]]
        if not once:
            raise ModelError(
                "The model found nothing to put here.", hint="Run it again with another seed."
            )
        note = "The model changed nothing." if texts[once[0]] == task.text else ""
        return Finished(texts=tuple(texts[n] for n in once), best=once[0], note=note)

    return RowsRequest(
        prefix=tuple(ids),
        start=tuple(model.encode(task.text)) if task.text.strip() else (),
        nearby=tuple(ids),
        temperatures=temperatures(params, habits.fill_rows, habits.warm),
        max_tokens=max(16, min(lines, length - len(ids) - 8)),
        stop=lambda text: repeats(text, place) is not None,
        circles=False,
        original=task.text,
        finish=finish,
        picture=lambda pieces: _picture(pieces, place),
        relay=lambda typed: filled_on(
            typed, task, end, lambda rest: request(rest, params, model, marks, length, habits)
        ),
    )


def _near(task: Task, model: GgufModel, limit: int) -> prompt.Context:
    """What is nearest to the gap, on both sides, as much as fits."""
    count = lambda text: len(model.encode(text))  # noqa: E731
    return prompt.budget(task.before, task.after, limit=limit, count=count)


def _asked(model: GgufModel, marks: Marks, left: str, right: str) -> list[int]:
    """The prompt: the text before, the text after, and the middle is the answer."""
    bos = model.token("bos") if model.begins_with_bos else None
    return [
        *([] if bos is None else [bos]),
        *(marks.before, *model.encode(left)),
        *(marks.after, *model.encode(right), marks.middle),
    ]


def repeats(text: str, place: small_fill.Gap) -> int | None:
    """Where an answer begins to repeat what follows the gap; None if it does not."""
    at = 0
    for number, line in enumerate(text.split("\n")):
        if number and len(line.strip()) >= 4 and line.strip() == place.next_line:
            return at
        at += len(line) + 1
    return None


def fitted(answer: str, place: small_fill.Gap) -> str:
    """The answer without a repetition of what follows, ended as the gap needs it."""
    text = answer[: repeats(answer, place)].rstrip("\n" if place.inline else " \t\n")
    return text + place.end if text else ""


def _picture(pieces: tuple[Piece, ...], place: small_fill.Gap) -> tuple[Piece, ...]:
    raw = "".join(piece.text for piece in pieces)
    return small_fill.picture(pieces, place, (0, len(raw[: repeats(raw, place)].rstrip())))
