"""Several answers of a canvas model, one after another over one prefix, each with its own seed.

For models to which a pass over more rows brings nothing; `side_by_side` is for those that gain.
Here each answer is what its seed gives alone, token for token, since rows of one pass are rounded
by how many they are. A denoiser may remember looks that the answers have in common.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace

from diffedit.core.errors import ModelError
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.typed import Typed, Typing, first

Once = Callable[[DenoiseParams, Typing], Iterator[Event]]
"""once(params, typing): one run with these dials to its outcome."""


def in_turn(once: Once, params: DenoiseParams, typing: Typing, *, original: str) -> Iterator[Event]:
    """As many runs as there are to be candidates, as one run: the surest answer first.

    How sure an answer is: the mean entropy of its last step; one that is the old text comes last.
    Candidate n of the seed s is the run with the seed s * candidates + n. What was typed into one
    begins those after it. A run that comes to nothing is passed over, if another comes to
    something; else its ModelError is raised.
    """
    count = params.candidates or 1
    if count == 1 or params.max_steps == 0:
        yield from once(params, typing)
        return
    turns = _Turns(once, typing)
    for number in range(count):
        own = replace(params, candidates=1, seed=params.seed * count + number)
        cancelled = yield from turns.turn(own, told=params.seed if number == 0 else None)
        if cancelled is not None:
            yield cancelled
            return
    yield turns.outcome(original)


class _Turns:
    """Moves: the answers so far, the steps that they took, and what was typed."""

    def __init__(self, once: Once, typing: Typing) -> None:
        self._once, self._typing = once, typing
        self._news: Typed | None = None
        self._done = list[tuple[float, Outcome]]()
        self._failed = ModelError("The model gave no answer.")
        self._steps = 0

    def turn(
        self, params: DenoiseParams, *, told: int | None
    ) -> Generator[Event, None, Outcome | None]:
        """One answer more; the outcome where it was cancelled. `told`: the seed to begin with."""
        heard = self._heard if self._news is None else first(self._news, self._heard)
        doubt = 0.0
        try:
            for event in self._once(params, heard):
                if isinstance(event, Step):
                    self._steps, doubt = self._steps + 1, event.mean_entropy or 0.0
                    yield replace(event, step=self._steps)
                elif isinstance(event, Outcome):
                    if event.stop == "cancelled":
                        return replace(event, steps=self._steps)
                    self._done.append((doubt, event))
                elif isinstance(event, Started) and told is not None:
                    yield replace(event, seed=told, canvases=None)
        except ModelError as error:
            self._failed = error
        return None

    def outcome(self, original: str) -> Outcome:
        """All answers, best first. Raises ModelError where there is none."""
        if not self._done:
            raise self._failed
        return best_first(self._done, original, self._steps)

    def _heard(self) -> Typed | None:
        typed = self._typing()
        self._news = typed or self._news
        return typed


def best_first(done: Sequence[tuple[float, Outcome]], original: str, steps: int) -> Outcome:
    """The outcomes of several runs, each with its doubt, as one that took so many steps.

    The surest first, one that is the old text last; each text once.
    """
    order = sorted(done, key=lambda one: (one[1].text == original, one[0]))
    found = [outcome for _, outcome in order]
    texts = dict.fromkeys(text for one in found for text in (one.text, *one.alternatives))
    return replace(
        found[0],
        alternatives=tuple(texts)[1:],
        steps=steps,
        tokens=sum(one.tokens for one in found),
    )
