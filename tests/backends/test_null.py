"""The model that costs nothing rewrites like any other, so that a bench of it tells the truth."""

import pytest

from diffedit.backends.null import NullBackend
from diffedit.core.errors import RequestError
from diffedit.engine.backend import Stage
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task

TEXT = "def total(values):\n    result = 0\n    for value in values:\n        result += value\n"


def unseen(stage: Stage, done: int, total: int) -> None:
    """Nobody looks at how far it has come."""


def never() -> bool:
    """Nobody cancels."""
    return False


def run(task: Task, *, seed: int = 0, noise: float = 1.0, **options: int) -> list[Event]:
    """All events of one rewrite."""
    backend = NullBackend("null", "auto", {name: str(value) for name, value in options.items()})
    backend.load(unseen)
    return list(backend.rewrite(task, DenoiseParams(seed=seed, noise=noise), never))


def outcome(events: list[Event]) -> Outcome:
    """The last event."""
    assert isinstance(events[-1], Outcome)
    return events[-1]


def test_it_settles_on_a_changed_text_of_the_span_s_own_words() -> None:
    """Twelve steps, sure, other than before, no word that was not there."""
    events = run(Task(text=TEXT))
    end = outcome(events)
    assert (end.stop, end.steps, end.canvases, end.note) == ("sure", 12, 1, "")
    assert end.text != TEXT
    assert len(end.text.split()) == len(TEXT.split())
    assert set(end.text.split("\n")[1].split()) <= set(TEXT.replace("(", " ").split()) | {"total"}
    pictures = {step.pieces for step in events if isinstance(step, Step)}
    assert len(pictures) > 8


def test_the_same_seed_gives_the_same_run_and_another_seed_another() -> None:
    """Deterministic, event by event."""
    assert run(Task(text=TEXT), seed=5) == run(Task(text=TEXT), seed=5)
    assert outcome(run(Task(text=TEXT), seed=5)).text != outcome(run(Task(text=TEXT), seed=6)).text


def test_its_figures_fall_as_a_true_run_s() -> None:
    """Entropy falls to nothing, the accepted share rises to all."""
    steps = [event for event in run(Task(text=TEXT)) if isinstance(event, Step)]
    assert steps[0].mean_entropy is not None
    assert steps[0].mean_entropy > 1
    assert steps[-1].mean_entropy == 0
    assert steps[-1].accepted == 1
    assert steps[0].accepted < 0.5


@pytest.mark.parametrize("steps", [2, 5, 60])
def test_it_takes_the_steps_it_is_told(steps: int) -> None:
    """`steps` looks until all has settled."""
    assert outcome(run(Task(text=TEXT), steps=steps)).steps == steps


def test_it_writes_the_tokens_it_is_told_over_several_canvases() -> None:
    """Six hundred tokens take three canvases of 256."""
    end = outcome(run(Task(text=TEXT), tokens=600))
    assert (end.tokens, end.canvases, end.stop) == (600, 3, "sure")


def test_kept_stretches_stay() -> None:
    """The name of the function is kept, wherever noise is."""
    events = run(Task(text=TEXT, keep=((3, 10),)))
    assert outcome(events).text.split(" ", 1)[1].startswith("total(")
    for step in events:
        if isinstance(step, Step):
            assert (step.pieces[2].text, step.pieces[2].state) == ("total", "kept")
    assert isinstance(events[0], Started)
    assert events[0].kept == 3


def test_without_a_span_it_takes_words_from_around() -> None:
    """Infill and continue have no words of their own."""
    task = Task(text="", before="alpha beta\n", after="gamma\n", mode="infill")
    words = set(outcome(run(task)).text.split())
    assert words
    assert words <= {"alpha", "beta", "gamma"}
    assert outcome(run(Task(text=""))).text.strip()


def test_a_span_without_words_changes_too() -> None:
    """Signs alone, one word alone: the proposal still differs."""
    assert outcome(run(Task(text="()"))).text != "()"
    assert outcome(run(Task(text="x"))).text != "x"


def test_a_warm_start_keeps_most_of_the_old_text_at_first() -> None:
    """With little noise, the run still ends as it would."""
    assert outcome(run(Task(text=TEXT), noise=0.1)).stop == "sure"


def test_a_cancel_gives_the_last_picture() -> None:
    """After the third step, nothing more."""
    backend = NullBackend("null", "auto", {})
    asked = iter([False] * 3)
    events = list(
        backend.rewrite(Task(text=TEXT), DenoiseParams(), lambda: next(asked, None) is None)
    )
    *steps, end = events[1:]
    assert isinstance(end, Outcome)
    assert isinstance(steps[-1], Step)
    assert (end.stop, len(steps)) == ("cancelled", 3)
    assert end.text == "".join(piece.text for piece in steps[-1].pieces)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"step": "3"}, "no option 'step'. It has: steps, tokens, step_ms."),
        ({"steps": "1"}, "steps is a whole number from 2 up, not '1'"),
        ({"tokens": "many"}, "tokens is a whole number from 0 up, not 'many'"),
    ],
)
def test_a_bad_option_is_named(options: dict[str, str], message: str) -> None:
    """One line that says what it should be."""
    with pytest.raises(RequestError) as error:
        NullBackend("null", "auto", options)
    assert message in str(error.value)
