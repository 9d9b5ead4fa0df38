"""Parallel decoding of a left-to-right model: a canvas of guesses, refined until it holds.

One look predicts every slot from the guesses left of it. Guesses left of the first
disagreement are what the model would have written token by token, so they settle for good; so
does the prediction at the disagreement itself. At least one slot a row settles at every look,
and the end is exactly the token-by-token text. It is fast where the guesses are good: they
come from the selected text, found again after an insertion or a deletion.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from diffedit.engine.backend import CausalDenoiser, Prediction
from diffedit.engine.guess import Source
from diffedit.engine.step import StopReason

Stop = Callable[[str], bool]
"""stop(text): the answer is complete. Once true, it must stay true for every longer text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How many slots a row looks at: short where the guesses fail, long where they hold."""

    least: int = 8
    most: int = 64
    start: int = 64
    """The first window. An edit keeps most of the selection, so it is long."""
    total: int = 256
    """Slots of all rows together; it bounds the work of one look."""
    filler: int = 16
    """Slots of all rows together that may hold a mere repetition where no guess is known."""
    doubtful: bool = True
    """Whether guesses that nothing in the text bears out are looked at, too. They cost nothing
    where a look is bound by reading the weights (a GPU), and much where each slot costs (a CPU)."""

    def first(self, rows: int) -> int:
        """The window to begin with."""
        return min(self.start, self.most, self._share(rows))

    def after(self, window: int, *, held: int, guessed: int, rows: int) -> int:
        """The next window, when `held` of `guessed` guesses were right.

        It grows from what has held, not from what might have been looked at.
        """
        if guessed and held == guessed:
            window = 2 * guessed
        elif 2 * held < guessed:
            window //= 2
        return min(max(window, self.least), self.most, self._share(rows))

    def _share(self, rows: int) -> int:
        """What one of `rows` rows may have; one slot always."""
        return max(1, self.total // rows)


@dataclass(slots=True, kw_only=True)
class Row:
    """One candidate while it is decoded. It moves: `settled` only grows."""

    temperature: float
    noise_seed: int
    source: Source
    window: int
    settled: list[int] = field(default_factory=list)
    """What it begins with, if anything, and all that has settled after it."""
    read: int = 0
    """How many of these have joined the model's prefix."""
    entropy: list[float] = field(default_factory=list)
    """Of each settled slot, in nats."""
    predicted: list[int] = field(default_factory=list)
    """What the model now thinks comes after `settled`; only guesses."""
    unsure: list[float] = field(default_factory=list)
    """The entropy of each of these, in nats."""
    stop: StopReason | None = None
    circled: bool = False
    """It was ended because it ran in a circle."""

    @property
    def pending(self) -> list[int]:
        """Settled ids that join the cached prefix at the next look: the last one, as a rule."""
        return self.settled[self.read :]

    def canvas(self, filler: int, tokens: int, *, doubtful: bool = True) -> list[int]:
        """The guesses for the next look, the pending id first, at least `filler` if it can be.

        A slot that is looked at gets a prediction, and that is the next look's guess: so even a
        poor filling is refined from look to look. Nothing past the budget of `tokens` is guessed.
        """
        first = len(self.pending)
        room = max(first, min(self.window, first + tokens - len(self.settled) - 1))
        own = self.predicted if doubtful else ()
        ids = self.pending + self.source.guesses(self.settled, own, room - first, doubtful=doubtful)
        return ids + ids[-1:] * (min(filler, room) - len(ids))

    def guesses(self, count: int) -> list[int]:
        """Up to `count` guesses for what follows the settled ids."""
        return self.source.guesses(self.settled, self.predicted, count)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsLook:
    """One look at all live rows. The rows themselves move on: read them before the next look."""

    step: int
    rows: tuple[Row, ...]
    """All rows, finished ones too, in the order of the request."""
    live: tuple[int, ...]
    """Rows that took part in this look."""
    settled: int
    """Slots that settled at this look."""
    entropy: tuple[float, ...]
    """Of every slot that was looked at and not settled before, in nats."""

    @property
    def mean_entropy(self) -> float:
        """Over these slots, in nats."""
        return sum(self.entropy) / len(self.entropy) if self.entropy else 0.0

    @property
    def share(self) -> float:
        """Share of the slots looked at that settled, 0 to 1."""
        return self.settled / len(self.entropy) if self.entropy else 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """When a row ends, besides at an end id."""

    tokens: int
    stop: Stop | None = None
    circles: bool = True
    """Whether a row may run in a circle; False ends one that does."""


CIRCLE_TURNS, CIRCLE_TOKENS, CIRCLE_PERIOD = 4, 24, 24
"""A circle: the same tokens so often in a row, at least so many in all, at most so many a turn."""


def circle(ids: Sequence[int]) -> Sequence[int]:
    """The end of `ids` if it is one stretch over and over; empty if it is not."""
    for period in range(1, CIRCLE_PERIOD + 1):
        length = max(CIRCLE_TOKENS, CIRCLE_TURNS * period)
        if len(ids) >= length and ids[-length:-period] == ids[period - length :]:
            return ids[-length:]
    return ()


def decode_rows(
    denoiser: CausalDenoiser, rows: Sequence[Row], limits: Limits, window: Window
) -> Iterator[RowsLook]:
    """Decode all rows from the prefilled prefix, a look at a time, until each has ended.

    Whoever iterates may leave between two looks. Finished rows leave the batch.
    """
    heads = [row.settled for row in rows]
    for row, read in zip(rows, denoiser.start(len(rows), heads), strict=True):
        row.read = read
    live, step = list(range(len(rows))), 0
    while live:
        step += 1
        now = [rows[number] for number in live]
        filler = window.filler // len(live)
        canvases = [row.canvas(filler, limits.tokens, doubtful=window.doubtful) for row in now]
        predictions = denoiser.predict_rows(
            canvases, [row.temperature for row in now], [row.noise_seed for row in now]
        )
        known = [len(row.pending) for row in now]
        before = sum(len(row.settled) for row in now)
        held = [
            _advance(denoiser, row, canvas, prediction, limits)
            for row, canvas, prediction in zip(now, canvases, predictions, strict=True)
        ]
        entropy = [
            nats
            for first, prediction in zip(known, predictions, strict=True)
            for nats in prediction.entropy[first:]
        ]
        denoiser.commit_rows(held)
        looked_at, live = tuple(live), _leave(denoiser, rows, live)
        for row, canvas, right, first in zip(now, canvases, held, known, strict=True):
            counts = {"held": right - first, "guessed": len(canvas) - first}
            row.window = window.after(row.window, **counts, rows=max(1, len(live)))
        new = sum(len(row.settled) for row in now) - before
        yield RowsLook(
            step=step, rows=tuple(rows), live=looked_at, settled=new, entropy=tuple(entropy)
        )


def _advance(
    denoiser: CausalDenoiser,
    row: Row,
    canvas: Sequence[int],
    prediction: Prediction,
    limits: Limits,
) -> int:
    """Settle what is right, end the row where it ends; returns how many guesses were right."""
    chosen = prediction.sampled
    first = len(row.pending)
    # The pending id is settled: a rounding error in its second prediction must not undo it.
    held = first
    while held < len(canvas) and canvas[held] == chosen[held]:
        held += 1
    fresh = range(first, held + 1)
    row.read += held
    row.predicted = list(chosen[held + 1 :])
    row.unsure = list(prediction.entropy[held + 1 :])
    begun = len(row.settled)
    for slot in fresh:
        if chosen[slot] in denoiser.end_ids:
            row.stop = "end"
            break
        row.settled.append(chosen[slot])
        row.entropy.append(prediction.entropy[slot])
        if len(row.settled) >= limits.tokens:
            row.stop = "steps"
            break
    _stop_early(denoiser, row, begun, limits.stop)
    if row.stop is None and not limits.circles:
        turns = circle(row.settled)
        # Data may repeat itself for good reasons, and then the selection does as well.
        if turns and not row.source.holds(turns):
            row.stop, row.circled = "steps", True
    if row.stop:
        row.predicted, row.unsure = [], []
    return held


def _stop_early(denoiser: CausalDenoiser, row: Row, begun: int, stop: Stop | None) -> None:
    """Cut the row at the first new slot that completes the answer."""
    if stop is None or not stop("".join(denoiser.decode(row.settled))):
        return
    for length in range(begun + 1, len(row.settled) + 1):
        if stop("".join(denoiser.decode(row.settled[:length]))):
            del row.settled[length:], row.entropy[length:]
            row.stop = "end"
            return


def _leave(denoiser: CausalDenoiser, rows: Sequence[Row], live: list[int]) -> list[int]:
    """The rows that go on; the batch is told when some do not."""
    on = [place for place, number in enumerate(live) if rows[number].stop is None]
    if on and len(on) < len(live):
        denoiser.keep_rows(on)
    return [live[place] for place in on]
