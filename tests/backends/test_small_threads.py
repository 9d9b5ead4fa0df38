"""As many threads as are of use right now."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from diffedit.backends.small_threads import Threads, fastest


def blas() -> list[int]:
    """How many threads each BLAS of this process has."""
    found = ThreadpoolController().select(user_api="blas").lib_controllers
    return [one.num_threads or 1 for one in found]


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    """The count that other tests compute with."""
    with ThreadpoolController().limit(limits=blas()[0], user_api="blas"):
        yield


def test_a_core_that_is_taken_is_left_alone() -> None:
    """Two threads that wait for a core lose against one; of equals the larger count is taken."""
    seconds = {4: 0.3, 2: 0.2, 1: 0.02}
    assert fastest((4, 2, 1), seconds.__getitem__) == 1
    assert fastest((4, 2, 1), lambda _count: 1.0) == 4


def test_the_fastest_count_is_set() -> None:
    """What is told is what BLAS has from then on, and the products are the same."""
    with ThreadpoolController().limit(limits=2, user_api="blas"):
        threads = Threads(np.ones((2048, 1024), np.float32))
    assert threads.counts == (2, 1)
    count = threads.settle()
    assert set(blas()) == {count}


def test_a_model_too_small_for_threads_is_not_timed() -> None:
    """What BLAS has by itself is left as it is."""
    before = blas()
    threads = Threads(np.ones((64, 64), np.float32))
    assert len(threads.counts) == 1
    assert threads.settle() == before[0]
    assert blas() == before
