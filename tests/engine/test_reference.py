"""Our loop is the reference sampler's, step for step: here it is again, written out plainly."""

from collections.abc import Sequence
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from diffedit.engine.backend import Cancelled, Noise, Prediction, never
from diffedit.engine.canvas import Canvas, uniform_noise
from diffedit.engine.denoise import denoise
from diffedit.engine.params import DenoiseParams

VOCABULARY = 6


class Hashed:
    """A model whose prediction depends on the whole canvas, the temperature and the step."""

    noise: Noise = "uniform"
    vocabulary = VOCABULARY
    canvas_length = 8
    context_length = 0
    mask_id: int | None = None
    end_ids = frozenset({0})

    def __init__(self, seed: int, *, calm: int) -> None:
        self._seed, self._calm, self._looks = seed, calm, 0

    def encode(self, text: str) -> list[int]:
        return [ord(sign) for sign in text]

    def decode(self, ids: Sequence[int]) -> list[str]:
        return [chr(token) for token in ids]

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        self._looks = 0

    def commit(self, ids: Sequence[int]) -> None:
        self._looks = 0

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        return self.says(canvas.ids, temperature)

    def says(self, ids: Sequence[int], temperature: float) -> Prediction:
        """From step `calm` on it is sure of one thing."""
        self._looks += 1
        if self._looks >= self._calm:
            return Prediction(
                sampled=[3] * len(ids), argmax=[3] * len(ids), entropy=[1e-4] * len(ids)
            )
        random = Random(repr((self._seed, tuple(ids), round(temperature, 6))))
        return Prediction(
            sampled=[random.randrange(VOCABULARY) for _ in ids],
            argmax=[random.randrange(2) for _ in ids],
            entropy=[random.random() / 4 for _ in ids],
        )


def reference(
    model: Hashed, known: Sequence[int | None], params: DenoiseParams, *, steps: int, seed: int
) -> list[list[int]]:
    """The argmax canvas of each step, by the published algorithm with clamped slots one-hot."""
    random = Random(seed)
    size = len(known)

    def clamp(ids: Sequence[int]) -> list[int]:
        return [own if held is None else held for own, held in zip(ids, known, strict=True)]

    x = clamp([random.randrange(VOCABULARY) for _ in range(size)])
    drafts = list[list[int]]()
    for remaining in range(steps, 0, -1):
        said = model.says(x, params.t_min + (params.t_max - params.t_min) * remaining / steps)
        y, a = clamp(said.sampled), clamp(said.argmax)
        h = [nats if held is None else 0.0 for nats, held in zip(said.entropy, known, strict=True)]
        accepted, cumulated = set[int](), 0.0
        for slot in sorted(range(size), key=h.__getitem__):
            cumulated += h[slot]
            if cumulated - h[slot] <= params.entropy_bound:
                accepted.add(slot)
        fresh = [random.randrange(VOCABULARY) for _ in range(size)]
        x = [y[slot] if slot in accepted else fresh[slot] for slot in range(size)]
        stable = len(drafts) >= params.stable_steps and all(
            draft == a for draft in drafts[len(drafts) - params.stable_steps :]
        )
        drafts.append(a)
        free = [nats for nats, held in zip(h, known, strict=True) if held is None]
        if stable and sum(free) / len(free) < params.stop_entropy:
            break
    return drafts


@settings(deadline=None)
@given(
    seed=st.integers(0, 10**6),
    known=st.lists(st.sampled_from([None, None, 4]), min_size=1, max_size=12).filter(
        lambda known: None in known
    ),
    steps=st.integers(1, 12),
    calm=st.integers(1, 12),
    stable=st.integers(0, 3),
    bound=st.sampled_from([0.0, 0.1, 0.5, 9.0]),
)
def test_every_draft_is_the_reference_s(
    seed: int, known: list[int | None], steps: int, calm: int, stable: int, bound: float
) -> None:
    """With the same noise: the same argmax canvas at each step, and the same last step."""
    params = DenoiseParams(entropy_bound=bound, stable_steps=stable)
    fresh = uniform_noise(Random(seed), VOCABULARY)
    canvas = Canvas.noised(len(known), fresh, known=known)
    model = Hashed(seed, calm=calm)
    ours = [
        list(look.argmax) for look in denoise(model, canvas, params, fresh=fresh, max_steps=steps)
    ]
    assert ours == reference(Hashed(seed, calm=calm), known, params, steps=steps, seed=seed)
