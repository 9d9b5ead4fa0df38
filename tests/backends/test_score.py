"""Reading a text: how surprised a model is at each token, and what else might stand there."""

import os
from math import exp, isclose

import pytest
import tiny_gguf

from diffedit.backends.null import NullBackend
from diffedit.backends.small import SmallBackend
from diffedit.core.errors import TooLongError
from diffedit.engine.backend import never
from diffedit.engine.task import Task

CODE = "    def total(self, values):\n        return sum(values)\n"


def load(backend: SmallBackend) -> SmallBackend:
    """The backend, loaded."""
    backend.load(lambda *_: None)
    return backend


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> SmallBackend:
    """A tiny model with random weights."""
    path = tmp_path_factory.mktemp("model") / "tiny.gguf"
    tiny_gguf.write(path)
    return load(SmallBackend(str(path), "auto", {}))


def test_the_tokens_are_the_text_and_the_odds_are_odds(small: SmallBackend) -> None:
    """Joined they are the text; each token's own chance is among its choices where it is likely."""
    scores = small.score(Task(text=CODE, before="class A:\n"), never)
    assert "".join(score.text for score in scores) == CODE
    for score in scores:
        chances = [choice.probability for choice in score.choices]
        assert chances == sorted(chances, reverse=True)
        assert 0 < sum(chances) <= 1.0001
        assert score.entropy >= 0
        mine = [choice.probability for choice in score.choices if choice.text == score.text]
        assert not mine or isclose(max(mine), exp(-score.surprise), rel_tol=1e-3)


def test_surprises_add_up_to_the_likelihood_of_the_text(small: SmallBackend) -> None:
    """Token by token it is the same pass that ranks whole texts."""
    scores = small.score(Task(text=CODE), never)
    denoiser = small._denoiser
    assert denoiser is not None
    denoiser.prefill([small._marker("<|endoftext|>")[0]])
    (whole,) = denoiser.likelihoods([denoiser.encode(CODE)])
    assert isclose(-sum(score.surprise for score in scores), whole, rel_tol=1e-3)


def test_a_text_beyond_the_model_is_refused(small: SmallBackend) -> None:
    """One line that says how much fits."""
    with pytest.raises(TooLongError, match="fit"):
        small.score(Task(text=CODE * 200), never)


def test_the_model_that_costs_nothing_finds_the_rare_word() -> None:
    """A name that stands nowhere else surprises most, and the usual one is offered."""
    backend = NullBackend("null", "auto", {})
    scores = backend.score(Task(text="value = valeu", before="value = 1\nvalue = 2\n"), never)
    worst = max(scores, key=lambda score: score.surprise)
    assert worst.text == "valeu"
    assert worst.choices[0].text == "value"


@pytest.mark.model
def test_the_real_model_finds_the_wrong_name() -> None:
    """The one name that is not defined surprises it most of all that follows the head."""
    backend = load(SmallBackend(os.environ["DIFFEDIT_TEST_MODEL"], "auto", {}))
    text = "def add(a, b):\n    return a + c\n"
    scores = backend.score(Task(text=text, before="import os\n\n\n"), never)
    worst = max(scores[8:], key=lambda score: score.surprise)
    assert (worst.text, worst.choices[0].text) == (" c", " b")
