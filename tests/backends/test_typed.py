"""What is typed into a left-to-right model's picture begins each of its answers from there on."""

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffedit.backends import small_prompt
from diffedit.backends.causal_edit import Edits, filled_on, rewritten_on
from diffedit.core.draft import Piece
from diffedit.core.errors import ModelError
from diffedit.engine.backend import Cancelled, Noise, Prediction, never
from diffedit.engine.gone_on import with_head
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import Finished, RowsRequest
from diffedit.engine.rewrite import rows
from diffedit.engine.step import Outcome, Step
from diffedit.engine.task import Mode, Task
from diffedit.engine.typed import Typed

OLD = "    def area(self, w, h):\n        return w * h\n"
TASK = Task(text=OLD, before="class R:\n", after="\n", instruction="rename", language="python")


class Parrot:
    """A left-to-right model of single characters: it writes a text on from where it stands."""

    noise: Noise = "causal"
    vocabulary = 128
    canvas_length = 64
    context_length = 4000
    end_ids = frozenset({0})
    room = 4000

    def __init__(self, text: str) -> None:
        self._text = text
        self._prefix: list[int] = []
        self._rows: list[list[int]] = []
        self._last: list[list[int]] = []

    def encode(self, text: str) -> list[int]:
        return [min(ord(char), 127) for char in text]

    def decode(self, ids: Sequence[int]) -> list[str]:
        return [chr(token) for token in ids]

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        self._prefix = list(ids)

    def start(self, rows: int, heads: Sequence[Sequence[int]] = ()) -> list[int]:
        assert not any(heads)
        self._rows = [list(self._prefix) for _ in range(rows)]
        return [0] * rows

    def predict_rows(
        self,
        canvases: Sequence[Sequence[int]],
        temperatures: Sequence[float],
        noise_seeds: Sequence[int],
    ) -> list[Prediction]:
        self._last = [list(canvas) for canvas in canvases]
        found = list[Prediction]()
        for row, canvas in zip(self._rows, canvases, strict=True):
            ids = [*row, *canvas]
            said = [self._next(ids[:end]) for end in range(len(row), len(ids) + 1)]
            found.append(Prediction(sampled=said, argmax=said, entropy=[0.1] * len(said)))
        return found

    def commit_rows(self, counts: Sequence[int]) -> None:
        for number, count in enumerate(counts):
            self._rows[number] += self._last[number][:count]

    def keep_rows(self, rows: Sequence[int]) -> None:
        self._rows = [self._rows[row] for row in rows]

    def likelihoods(self, rows: Sequence[Sequence[int]]) -> list[float]:
        return [-float(len(row)) for row in rows]

    def _next(self, ids: list[int]) -> int:
        """The character after the last two, where they stand in the text; an end where nowhere."""
        said = "".join(map(chr, ids))
        for length in (12, 4, 2, 1):
            at = self._text.find(said[-length:])
            if at >= 0 and at + length < len(self._text):
                return ord(self._text[at + length])
        return 0 if len(said) % 7 else ord("q")


def chat(system: str, question: str, opening: str) -> list[int]:
    """A question in no form at all."""
    return [min(ord(char), 127) for char in f"{system}\n{question}\n{opening}"]


def asked(model: Parrot, task: Task) -> RowsRequest:
    """What the model is asked."""
    return Edits(model, chat, model.encode).request(task, DenoiseParams(candidates=2))


def played(task: Task, at: int, what: str, step: int) -> tuple[list[str], Outcome | None]:
    """A run into which something is typed before a step: the pictures after it, and the end."""
    model = Parrot("    def area(self, w, h):\n        return h * w * 2\n\n```\n")
    pictures = [task.text]
    typed = list[Typed]()

    def typing() -> Typed | None:
        if len(pictures) <= step or typed:
            return None
        place = min(at, len(pictures[-1]))
        text = pictures[-1][:place] + what + pictures[-1][place:]
        typed.append(Typed(text=text, keep=((place, place + len(what)),), noised=()))
        return typed[0]

    last: Outcome | None = None
    events = rows(model, asked(model, task), DenoiseParams(candidates=2), never, typing)
    while last is None:
        try:
            event = next(events)
        except ModelError:
            assert not typed, "what was typed is an answer where the model has none"
            return pictures, None
        if isinstance(event, Step):
            pictures.append("".join(piece.text for piece in event.pieces))
            assert not typed or pictures[-1].startswith(typed[0].head)
        elif isinstance(event, Outcome):
            last = event
    if typed:
        for text in (last.text, *last.alternatives):
            assert text.startswith(typed[0].head)
    return pictures, last if typed else None


@settings(max_examples=60)
@given(
    st.sampled_from(["rewrite", "infill", "continue"]),
    st.integers(0, 60),
    st.text("ab (\n:", min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_every_answer_begins_as_it_was_typed(mode: Mode, at: int, what: str, step: int) -> None:
    """Whatever is typed, wherever and whenever: each later picture and each answer has it."""
    text = "" if mode == "continue" else OLD
    task = Task(text=text, before="class R:\n", after="\nx = 1\n", instruction="go", mode=mode)
    played(task, at, what, step)


def test_what_the_model_had_is_kept_up_to_there() -> None:
    """A name typed in the middle of a line: the line before it stays, the model goes on behind."""
    _, outcome = played(TASK, OLD.index("area"), "surface_", 0)
    assert outcome is not None
    assert outcome.text.startswith("    def surface_")


def test_a_head_is_put_where_an_answer_lacks_it() -> None:
    """What the answer repeats of the head is not there twice; blanks at its end may lack."""
    assert with_head("def f", "def f(x)") == "def f(x)"
    assert with_head("a\n    ", "a\n  b") == "a\n    b"
    assert with_head("abc", "abd e") == "abcd e"
    assert with_head("x", "") == "x"
    assert with_head("def f\n  , x", "def f\n    , x = 1") == "def f\n  , x = 1"


def test_the_shared_indentation_is_the_picture_s_own() -> None:
    """What is typed is told to the model as it would have written it: without the indentation."""
    span = small_prompt.shown(TASK)
    assert small_prompt.written("    def a:\n        b\n  c", span) == "def a:\n    b\nc"
    assert small_prompt.written("\n    def a", span, 1) == "def a"


def test_a_model_that_adds_nothing_leaves_what_was_typed() -> None:
    """An answer without code is no reason to lose the person's own."""

    def nothing(answers: Sequence[str]) -> Finished:
        raise ModelError("The model found nothing to put here.")

    bare = RowsRequest(prefix=(1,), finish=nothing)
    typed = Typed(text="mine, and more", keep=((0, 4),), noised=())
    model: Any = Parrot("")
    on = rewritten_on(bare, typed, small_prompt.shown(TASK), model)
    assert on.finish([""]).texts == ("mine, and more",)
    assert on.picture((Piece("x", "noise"),))[0].text == "mine"
    filled = filled_on(typed, Task(text=""), "\n", lambda _: bare)
    assert filled.finish([""]).texts == ("mine\n",)


@pytest.mark.parametrize("head", ["", "a", "a\n", "  "])
def test_a_typed_picture_is_a_head_and_a_rest(head: str) -> None:
    """The two parts are the whole."""
    typed = Typed(text=f"{head}rest", keep=((0, len(head)),) if head else (), noised=())
    assert (typed.head, typed.rest) == (head, "rest")
