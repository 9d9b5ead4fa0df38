"""How many threads a matrix product gets: as many as make it faster at this very moment.

BLAS cuts every product into equal parts and waits for the slowest. Where another program has a
core, the part on that core comes late, and a pass with two threads takes fifteen times as long as
with one. So a product is timed with each count before an edit: 15 ms where the cores are free.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median

import numpy as np
from threadpoolctl import ThreadpoolController

from diffedit.backends.scores import Floats

SLOTS = 32
"""Of the product that is timed: between a canvas and a part of a prompt."""
TURNS = 3
LEAST = 1 << 20
"""Numbers of a matrix from which on it matters: BLAS gives smaller products one thread anyway."""


class Threads:
    """Moves: it sets the threads of this process's BLAS."""

    def __init__(self, weight: Floats) -> None:
        """`weight` is one of the larger matrices that will be multiplied with."""
        found = ThreadpoolController().select(user_api="blas").lib_controllers
        most = max((one.num_threads or 1 for one in found), default=1)
        self._libraries = found
        self.counts = tuple(dict.fromkeys((most, max(1, most // 2), 1)))
        """What is tried."""
        self._product = _product(weight)
        if weight.size < LEAST:
            self.counts = self.counts[:1]

    def settle(self) -> int:
        """Set the fastest count, and return it."""
        count = fastest(self.counts, self._timed) if len(self.counts) > 1 else self.counts[0]
        self._set(count)
        return count

    def _timed(self, count: int) -> float:
        self._set(count)
        # The first product with other threads wakes them.
        self._product()
        return median(_seconds(self._product) for _ in range(TURNS))

    def _set(self, count: int) -> None:
        for one in self._libraries:
            one.set_num_threads(count)


def fastest(counts: Sequence[int], timed: Callable[[int], float]) -> int:
    """The count that `timed` is least for; of equals the first."""
    return min(counts, key=timed)


def _product(weight: Floats) -> Callable[[], object]:
    x = np.ones((weight.shape[1], SLOTS), np.float32)
    return lambda: weight @ x


def _seconds(work: Callable[[], object]) -> float:
    clock = time.perf_counter()
    work()
    return time.perf_counter() - clock
