"""Small real models for the engine's tests: they keep to the seam and count what they are asked."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from random import Random

from diffedit.engine.backend import Cancelled, Noise, Prediction, never
from diffedit.engine.canvas import Canvas

Next = Callable[[Sequence[int], int], int]
"""next(all ids to the left, noise seed): the one token that follows."""

END = 0


@cache
def hashed(vocabulary: int, reach: int, *, end_every: int = 0) -> Next:
    """A language without sense: the next token depends on the last `reach` ones, and the noise.

    What followed once is remembered: a seed for each of a million words took most of the time.
    """

    @cache
    def spoken(*known: object) -> int:
        random = Random(repr(known))
        if end_every and random.randrange(end_every) == 0:
            return END
        return random.randrange(1, vocabulary)

    def follow(ids: Sequence[int], noise_seed: int) -> int:
        return spoken(tuple(ids[-reach:]), noise_seed, len(ids) if noise_seed else 0)

    return follow


def editor(prefix: int, target: Sequence[int], vocabulary: int) -> Next:
    """A model that writes `target`: it knows where it stands by its last two tokens."""
    lost = hashed(vocabulary, 2)
    after = defaultdict[tuple[int, ...], list[int]](list)
    for place in range(len(target) + 1):
        after[tuple(target[max(0, place - 2) : place])].append(place)

    def follow(ids: Sequence[int], noise_seed: int) -> int:
        written = len(ids) - prefix
        places = after.get(tuple(ids[max(prefix, len(ids) - 2) :]))
        if not places:
            return lost(ids, noise_seed)
        place = min(places, key=lambda at: abs(at - written))
        return target[place] if place < len(target) else END

    return follow


class CausalModel:
    """A CausalDenoiser over a next-token function. Each token decodes to `<id>`."""

    noise: Noise = "causal"
    vocabulary = 1000
    canvas_length = 16
    context_length = 0
    end_ids = frozenset({END})

    def __init__(self, follow: Next) -> None:
        self._follow = follow
        self._prefix: list[int] = []
        self._rows: list[list[int]] = []
        self._last: list[list[int]] = []
        self.calls = 0
        self.widest = 0
        """Slots of all rows in one look, at most."""
        self.longest = 0
        """Tokens of one row, prefix and guesses, at most."""

    def encode(self, text: str) -> list[int]:
        return [int(word) for word in text.replace(">", " ").replace("<", " ").split()]

    def decode(self, ids: Sequence[int]) -> list[str]:
        return [f"<{token}>" for token in ids]

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        self._prefix = list(ids)

    def start(self, rows: int, heads: Sequence[Sequence[int]] = ()) -> list[int]:
        self._rows = [list(self._prefix) for _ in range(rows)]
        return [0] * rows

    def predict_rows(
        self,
        canvases: Sequence[Sequence[int]],
        temperatures: Sequence[float],
        noise_seeds: Sequence[int],
    ) -> list[Prediction]:
        assert len(canvases) == len(temperatures) == len(noise_seeds) == len(self._rows)
        self.calls += 1
        self.longest = max(
            self.longest,
            *(len(row) + len(canvas) for row, canvas in zip(self._rows, canvases, strict=True)),
        )
        self.widest = max(self.widest, sum(map(len, canvases)))
        self._last = [list(canvas) for canvas in canvases]
        return [
            self._predict(row + list(canvas), len(row), seed if warmth else 0)
            for row, canvas, warmth, seed in zip(
                self._rows, canvases, temperatures, noise_seeds, strict=True
            )
        ]

    def commit_rows(self, counts: Sequence[int]) -> None:
        assert len(counts) == len(self._rows)
        for row, canvas, count in zip(self._rows, self._last, counts, strict=True):
            assert 0 <= count <= len(canvas)
            row.extend(canvas[:count])

    def keep_rows(self, rows: Sequence[int]) -> None:
        assert 0 < len(rows) < len(self._rows)
        self._rows = [self._rows[row] for row in rows]

    def one_by_one(self, prefix: Sequence[int], tokens: int, noise_seed: int = 0) -> list[int]:
        """The text as it is decoded token by token: what parallel decoding must equal."""
        ids = list(prefix)
        while len(ids) < len(prefix) + tokens:
            token = self._follow(ids, noise_seed)
            if token in self.end_ids:
                break
            ids.append(token)
        return ids[len(prefix) :]

    def _predict(self, ids: list[int], first: int, noise_seed: int) -> Prediction:
        chosen = [self._follow(ids[:end], noise_seed) for end in range(first, len(ids) + 1)]
        return Prediction(sampled=chosen, argmax=chosen, entropy=[0.5] * len(chosen))


class NoisyModel:
    """A Denoiser that settles on a fixed text: slot by slot surer, at random, by its own seed."""

    context_length = 0
    mask_id: int | None = None
    end_ids = frozenset({END})

    def __init__(
        self, target: Sequence[int], *, length: int, noise: Noise = "uniform", steps: int = 6
    ) -> None:
        self.noise: Noise = noise
        self.vocabulary = 50
        self.canvas_length = length
        if noise == "mask":
            self.mask_id = 49
        padding = length - len(target) % length
        self._target = [*target, *[END] * padding]
        self._steps = steps
        self._random = Random(3)
        self._looks = 0
        self.prefilled: list[list[int]] = []
        self.committed: list[list[int]] = []
        self.seen: list[Canvas] = []

    def encode(self, text: str) -> list[int]:
        return [int(word) for word in text.split()]

    def decode(self, ids: Sequence[int]) -> list[str]:
        return [f"{token} " for token in ids]

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        self.prefilled.append(list(ids))
        self._looks = 0

    def commit(self, ids: Sequence[int]) -> None:
        self.committed.append(list(ids))
        self._looks = 0

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        self.seen.append(canvas)
        self._looks += 1
        first = len(self.committed) * self.canvas_length
        aim = self._target[first : first + self.canvas_length]
        sure = self._looks >= self._steps
        argmax = [
            token if sure or self._random.random() < self._looks / self._steps else 1
            for token in aim
        ]
        entropy = [0.0 if sure else self._random.random() for _ in aim]
        return Prediction(sampled=argmax, argmax=argmax, entropy=entropy)
