"""A mask-noise model finds a gap's length by itself, and holds what is typed into its canvas."""

from collections.abc import Sequence
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diffedit.backends import small_canvas, small_fill, small_tuned
from diffedit.backends.mask_edit import MaskEdits, MaskHabits
from diffedit.core.stretch import held
from diffedit.engine.backend import Cancelled, Noise, Prediction, never
from diffedit.engine.canvas import Canvas
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.rewrite import canvases
from diffedit.engine.step import Outcome, Started, Step
from diffedit.engine.task import Mode, Task
from diffedit.engine.typed import Typed

MASK = 128
MARKERS = {small_tuned.START: 1, small_tuned.END: 2}
Kind = Literal["gguf", "small"]


class Scribe:
    """A mask model of single characters that knows what belongs into the free slots.

    It is sure where the slots are as many as the characters, and unsure where they are not: then
    it cuts the text, or writes on with junk.
    """

    noise: Noise = "mask"
    vocabulary = 128
    canvas_length = 64
    context_length = 4000
    mask_id: int | None = MASK
    end_ids = frozenset({0, 2})

    def __init__(self, text: str) -> None:
        self._text = text

    def encode(self, text: str) -> list[int]:
        return [min(ord(char), 127) for char in text]

    def decode(self, ids: Sequence[int]) -> list[str]:
        return [chr(token) for token in ids]

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        pass

    def commit(self, ids: Sequence[int]) -> None:
        pass

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        begun = canvas.warm or (False,) * len(canvas)
        free = [slot for slot in range(len(canvas)) if canvas.free[slot] and not begun[slot]]
        junk = "?" * len(free)
        said, ids = list(canvas.ids), self.encode(self._text + junk)
        for slot, token in zip(free, ids, strict=False):
            said[slot] = token
        doubt = 0.1 if len(free) == len(self._text) else 2.0
        return Prediction(sampled=said, argmax=said, entropy=[doubt] * len(said))


def asked(kind: Kind, model: Scribe, task: Task) -> CanvasRequest:
    """What such a model is asked: a GGUF file, or the model in the box with a mask adapter."""
    if kind == "small":
        return small_canvas.request(task, DenoiseParams(), model, MARKERS)

    def chat(system: str, question: str, opening: str) -> list[int]:
        return model.encode(f"{system}\n{question}\n{opening}")

    edits = MaskEdits(model, chat, model.encode, MaskHabits(schedule="timestep"))
    return edits.request(task, DenoiseParams())


GAP = Task(
    text="",
    before="def f(y):\n    x = 1\n",
    after="\n    return total\n",
    mode="infill",
    language="python",
)


@pytest.mark.parametrize("kind", ["gguf", "small"])
@pytest.mark.parametrize("size", [8, 16, 32, 64])
def test_a_gap_has_the_length_that_the_model_is_surest_of(kind: Kind, size: int) -> None:
    """Of four lengths the right one: no word is cut, and nothing stands behind the line."""
    lead = small_fill.gap(GAP, GAP.before).lead
    line = "    a = 12345678".ljust(size - len(lead), "5")[: size - len(lead)]
    model = Scribe(lead + line)
    request = asked(kind, model, GAP)
    started, *steps, outcome = canvases(model, request, DenoiseParams(), never)
    assert isinstance(started, Started)
    assert isinstance(outcome, Outcome)
    assert outcome.text == line
    assert outcome.lengths[0] == size
    assert sorted(outcome.lengths) == [8, 16, 32, 64]
    assert started.max_steps is not None
    assert len(steps) <= started.max_steps


@pytest.mark.parametrize("kind", ["gguf", "small"])
def test_what_stands_there_is_no_longer_a_limit(kind: Kind) -> None:
    """A line to be replaced may become half as long, or twice."""
    task = Task(
        text="    z = first_name\n",
        before=GAP.before,
        after="    return z\n",
        mode="infill",
        language="python",
    )
    place = small_fill.gap(task, task.before)
    old = len(place.lead + task.text[len(place.own) :])
    for size in (old // 2, old, old * 3 // 2 + 1, 2 * old):
        body = "z = x".ljust(size - len(place.lead), "1")
        model = Scribe(place.lead + body)
        *_, outcome = canvases(model, asked(kind, model, task), DenoiseParams(), never)
        assert isinstance(outcome, Outcome)
        assert outcome.text == f"{place.own}{body}\n"
        assert outcome.lengths[0] == size


def test_a_start_from_the_old_text_keeps_its_length() -> None:
    """With a share of the old text kept there is nothing to choose: its slots are where it is."""
    task = Task(text="z = 1", before="a\n", after="\nb = z\n", mode="infill", language="python")
    model = Scribe("z = 2")
    params = DenoiseParams(noise=0.5)
    request = small_canvas.request(task, params, model, MARKERS)
    assert len(request.layouts) == 1


TASKS: dict[Mode, Task] = {
    "infill": GAP,
    "rewrite": Task(
        text="    def area(w, h):\n        return w * h\n",
        before="class R:\n",
        after="\n",
        instruction="rename",
        language="python",
    ),
}


@settings(max_examples=30, deadline=None)
@given(
    st.sampled_from(["gguf", "small"]),
    st.sampled_from(["rewrite", "infill"]),
    st.integers(0, 40),
    st.text("ab (:", min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_what_is_typed_comes_back(kind: Kind, mode: Mode, at: int, what: str, step: int) -> None:
    """Whatever is typed, wherever and whenever: each later picture has it, and the end too."""
    model = Scribe("    result = w * h + 1\n    return result and so on")
    pictures = list[str]()
    typed = list[Typed]()

    def typing() -> Typed | None:
        if len(pictures) <= step or typed or not pictures[-1].strip():
            return None
        picture = pictures[-1]
        lead = len(picture) - len(picture.lstrip())
        place = max(lead, min(at, len(picture.rstrip())))
        text = picture[:place] + what + picture[place:]
        typed.append(Typed(text=text, keep=((place, place + len(what)),), noised=()))
        return typed[0]

    events = canvases(model, asked(kind, model, TASKS[mode]), DenoiseParams(), never, typing)
    for event in events:
        if isinstance(event, Step):
            pictures.append("".join(piece.text for piece in event.pieces))
        if isinstance(event, Step | Outcome) and typed:
            text = event.text if isinstance(event, Outcome) else pictures[-1]
            assert what.strip() in text
        if isinstance(event, Outcome) and typed and what.strip():
            first = typed[0].keep[0][0]
            inner = len(what) - len(what.lstrip())
            own = (first + inner, first + len(what.rstrip()))
            assert held(typed[0].text, (own,), event.text) or what.strip() in event.text


def test_what_is_typed_may_be_gone_on_with() -> None:
    """Behind what was typed there is room for more where nothing else is free."""
    model = Scribe(" + other")
    sent = [Typed(text="total = x", keep=((0, 9),), noised=())]
    task = Task(
        text="", before="x = 1\n", after="\nprint(total)\n", mode="infill", language="python"
    )
    request = asked("gguf", model, task)
    *_, outcome = canvases(
        model, request, DenoiseParams(), never, lambda: sent.pop() if sent else None
    )
    assert isinstance(outcome, Outcome)
    assert outcome.text == "total = x + other"
