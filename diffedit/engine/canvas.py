"""The canvas: a fixed row of slots denoised together, and which of them are free."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from random import Random

Fresh = Callable[[int], Sequence[int]]
"""fresh(n): n new noise ids. One call a step, for the whole canvas, as the reference sampler."""


def uniform_noise(random: Random, vocabulary: int) -> Fresh:
    """Noise of a uniform-noise model: any token, all alike."""
    return lambda count: [random.randrange(vocabulary) for _ in range(count)]


def mask_noise(mask_id: int) -> Fresh:
    """Noise of a mask-noise model: always the mask token."""
    return lambda count: [mask_id] * count


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """Token ids, and which slots are to be denoised. The others are kept: held to known text."""

    ids: tuple[int, ...]
    free: tuple[bool, ...]
    """True where the slot is to be denoised."""
    settled: tuple[bool, ...] = ()
    """Free slots that a mask-noise model has filled for good; empty: none."""
    warm: tuple[bool, ...] = ()
    """Free slots that began as given text: not accepted, they keep what they hold; empty: none."""

    def __post_init__(self) -> None:
        """Refuse lists that do not match. Raises ValueError."""
        optional = (len(self.settled), len(self.warm))
        if len(self.free) != len(self.ids) or any(n not in (0, len(self.ids)) for n in optional):
            raise ValueError("a canvas needs one entry a slot")

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def open(self) -> tuple[bool, ...]:
        """Free slots that are still undecided: what a sampler may accept or renoise."""
        if not self.settled:
            return self.free
        return tuple(free and not done for free, done in zip(self.free, self.settled, strict=True))

    @property
    def free_slots(self) -> int:
        """How many slots are free."""
        return sum(self.free)

    @classmethod
    def noised(  # noqa: PLR0913 - a canvas may begin in as many ways
        cls,
        length: int,
        fresh: Fresh,
        *,
        start: Sequence[int] = (),
        known: Sequence[int | None] = (),
        noise: float = 1.0,
        hot: Collection[int] | None = None,
        random: Random | None = None,
    ) -> Canvas:
        """A canvas to begin with: noise, or `start` with a share `noise` of it randomised.

        Slots past the end of `start` are noise; `known` ones are clamped and take no part in the
        share. `hot` names the slots that are noise instead of the share; else `random` picks them.
        """
        ids = list(fresh(length))
        warm = [False] * length
        if noise < 1 or hot is not None:
            held = {slot for slot, token in enumerate(known) if token is not None}
            slots = [slot for slot in range(min(length, len(start))) if slot not in held]
            if hot is None:
                hot = frozenset((random or Random(0)).sample(slots, round(noise * len(slots))))
            for slot in slots:
                if slot not in hot:
                    ids[slot], warm[slot] = start[slot], True
        canvas = cls(ids=tuple(ids), free=(True,) * length, warm=tuple(warm) if any(warm) else ())
        return canvas.clamped(known)

    def clamped(self, known: Sequence[int | None]) -> Canvas:
        """The canvas with known ids written in and held; None leaves a slot as it is."""
        ids, free = list(self.ids), list(self.free)
        for slot, token in enumerate(known[: len(ids)]):
            if token is not None:
                ids[slot], free[slot] = token, False
        return replace(self, ids=tuple(ids), free=tuple(free))
