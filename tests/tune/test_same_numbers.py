"""What was trained in torch is what runs in NumPy: the same scores for the same text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tiny_gguf
import torch

from diffedit.backends import small_adapter
from diffedit.backends.small_denoiser import SmallDenoiser
from diffedit.backends.small_mask import MaskDenoiser
from diffedit.backends.small_model import Llama
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.backends.small_weights import GgufFile, load_weights
from diffedit.tune import mask
from diffedit.tune.export import export
from diffedit.tune.net import Net, causal_mask

TEXT = "def total(values):\n    result = 0\n    for value in values:\n"
CLOSE = 1e-3


class Both:
    """A network with random adapters, and the NumPy model that its file makes."""

    def __init__(self, folder: Path, objective: str) -> None:
        path = tiny_gguf.write(folder / "tiny.gguf").path
        file = GgufFile(path)
        torch.manual_seed(1)
        self.net = Net(load_weights(file, lambda *_: None), 4)
        with torch.no_grad():
            for one in self.net.parameters():
                # Numbers that the file's float16 can hold: rounding is not what is tested.
                one.copy_((one + torch.randn_like(one) * 0.05).half().float())
        export(self.net, objective, {"base": file.mark}, folder / "adapter.safetensors")
        weights = load_weights(file, lambda *_: None)
        adapter = small_adapter.read(folder / "adapter.safetensors")
        assert adapter.objective == objective
        small_adapter.merge(weights, (adapter, folder, 1.0))
        self.model = Llama(weights, 256, adapter.mask_embedding)
        self.tokenizer = SmallTokenizer(file.fields)


def test_a_merged_adapter_scores_as_in_training(tmp_path: Path) -> None:
    """Left to right: every token's scores agree with torch's, and differ from the plain model's."""
    both = Both(tmp_path, "causal")
    ids = both.tokenizer.encode(TEXT)
    with torch.no_grad():
        row = torch.tensor([ids])
        see = causal_mask(torch.zeros(1, 0, dtype=torch.bool), len(ids))
        hidden, _, _ = both.net(both.net.embed(row), torch.arange(len(ids))[None], see)
        wanted = both.net.scores(hidden[0]).numpy()
    denoiser = SmallDenoiser(both.model, both.tokenizer, context=256)
    denoiser.prefill(ids)
    state = denoiser._prefix.hidden[:, : len(ids)]
    found = both.model.logits(
        np.ascontiguousarray(state), np.empty((len(ids), both.tokenizer.size), np.float32)
    )
    assert np.abs(found - wanted).max() < CLOSE
    plain = Llama(load_weights(GgufFile(tmp_path / "tiny.gguf"), lambda *_: None), 256)
    other = SmallDenoiser(plain, both.tokenizer, context=256)
    other.prefill(ids)
    assert np.abs(other._prefix.hidden[:, : len(ids)] - state).max() > 10 * CLOSE


@pytest.mark.parametrize("prefix", [1, 2, 9])
def test_a_canvas_of_noise_scores_as_in_training(tmp_path: Path, prefix: int) -> None:
    """Both ways over a cached prefix: slots, noise and shift agree with torch's."""
    both = Both(tmp_path, "mask")
    ids = both.tokenizer.encode(TEXT)
    noise = both.tokenizer.size
    canvas = [noise if n % 3 else token for n, token in enumerate(ids[prefix:])]
    with torch.no_grad():
        wanted = mask.scores(both.net, ids[:prefix], canvas).numpy()
    denoiser = MaskDenoiser(both.model, both.tokenizer, context=256)
    denoiser.prefill(ids[:prefix])
    found = denoiser.scores(canvas)
    assert np.abs(found - wanted).max() < CLOSE
    # It does see what stands on the right: another last token changes the first slot.
    assert np.abs(denoiser.scores([*canvas[:-1], 3])[0] - found[0]).max() > CLOSE
