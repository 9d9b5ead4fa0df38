"""The prompt's cache: what a layer shows is what was read, however often it was wound back."""

from random import Random

import pytest
import torch

from diffedit.backends.gemma_cache import KeptLayer


def tokens(first: int, count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Keys and values that say which position they are of."""
    places = torch.arange(first, first + count, dtype=torch.float32)
    keys = places.view(1, 1, -1, 1).expand(1, 2, -1, 3).clone()
    return keys, -keys


@pytest.mark.parametrize("window", [None, 2, 9, 300])
@pytest.mark.parametrize("seed", [1, 2])
def test_a_layer_shows_the_last_tokens_of_its_window(window: int | None, seed: int) -> None:
    """Through growth, moves at its limit and rewinds: positions in a row, the newest last."""
    random, length, rewinds = Random(seed), 0, 0
    layer = KeptLayer(window, slack=700)
    for _ in range(120):
        count = random.choice([1, 7, 48, 130])
        seen = length if window is None else min(length, window - 1)
        assert layer.get_mask_sizes(count) == (seen + count, length - seen)
        keys, values = layer.update(*tokens(length, count))
        length += count
        wanted = list(range(length - count - seen, length))
        assert keys[0, 0, :, 0].tolist() == wanted
        assert values[0, 1, :, 2].tolist() == [-place for place in wanted]
        shown = length if window is None else min(length, window - 1)
        assert layer.keys[0, 1, :, 1].tolist() == list(range(length - shown, length))
        assert layer.get_seq_length() == length
        back = max(0, length - random.choice([0, 0, 20, 500, 3000]))
        if layer.can_rewind(back):
            rewinds += back < length
            layer.rewind(back)
            length = back
    assert rewinds > 20


def test_a_sliding_layer_holds_no_more_than_its_limit() -> None:
    """Window and slack, however long the prompt; what is further back cannot be wound to."""
    layer = KeptLayer(9, slack=500)
    for first in range(0, 5000, 100):
        layer.update(*tokens(first, 100))
    assert layer._store is not None
    assert layer._store[0].shape[-2] <= 768
    assert layer.can_rewind(4900)
    assert not layer.can_rewind(3000)
    assert layer.can_rewind(0)
    layer.rewind(0)
    keys, _ = layer.update(*tokens(0, 30))
    assert keys[0, 0, :, 0].tolist() == list(range(30))
