"""`diffedit bench gemma`, in short: both loops run, on the same model, and are told apart."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import DiffusionGemmaConfig

from diffedit import cli
from diffedit.backends import gemma_build
from diffedit.backends.gemma_sizes import Kind
from diffedit.bench import gemma, gemma_load


# generate() imports parts of torch that complain of torch itself.
@pytest.mark.filterwarnings("ignore:`torch.jit:DeprecationWarning")
def test_both_loops_are_timed(capsys: pytest.CaptureFixture[str]) -> None:
    """Each takes its steps; ours outside the model is a part of ours; the goal is told."""
    threads = torch.get_num_threads()
    try:
        assert cli.main(["bench", "gemma", "--steps", "2", "--repeats", "1", "--json"]) == 0
    finally:
        torch.set_num_threads(threads)
    told = json.loads(capsys.readouterr().out)
    tiny = told["tiny"]
    assert tiny["steps"] == 2
    assert 0 < tiny["engine_ms_a_step"] < tiny["ours_ms_a_step"]
    assert tiny["ratio"] == pytest.approx(tiny["ours_ms_a_step"] / tiny["theirs_ms_a_step"], 0.02)
    batch, turns = tiny["four_in_a_batch_ms"], tiny["four_in_turn_ms"]
    assert tiny["batch_ratio"] == pytest.approx(batch / turns, 0.02)
    assert tiny["rows_at_once"] == 4
    assert [goal["limit"] for goal in told["goals"]] == [1.0]


@pytest.mark.parametrize("kind", ["bf16", "int4"])
def test_random_weights_run(kind: Kind) -> None:
    """What `--full` measures at full size, in small: every weight is there and all is finite."""
    model: Any = gemma_build.empty(DiffusionGemmaConfig.from_dict(gemma._config(wide=False)))
    order = gemma_build.Order(kind=kind, device=torch.device("cpu"))
    gemma_build.fill_randomly(model, order, torch.bfloat16)
    ids = torch.arange(20, 84).unsqueeze(0)
    with torch.no_grad():
        logits = model(input_ids=ids, decoder_input_ids=ids).logits
    assert logits.isfinite().all()
    assert logits.std() > 0


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_the_full_size_needs_a_gpu(capsys: pytest.CaptureFixture[str]) -> None:
    """One line, no traceback."""
    assert cli.main(["bench", "gemma", "--full"]) == 3
    assert "--full needs a GPU" in capsys.readouterr().err


@pytest.mark.skipif(not gemma_load.RESET.exists(), reason="memory is told by Linux's /proc")
def test_packing_holds_a_few_stretches_and_never_the_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With stretches of 1 MB, a fraction of one shard is held beside the packed weights."""
    monkeypatch.setattr(gemma_build, "PART", 1 << 20)
    size = gemma_load.write(tmp_path, 4, hidden=256, experts=24)
    assert size["shards"] == 3
    assert size["largest_shard_mb"] > 35
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # each has stretches of its own
    try:
        told = gemma_load.held(tmp_path, "int4")
    finally:
        torch.set_num_threads(threads)
    assert 20 < told["result_mb"] < size["checkpoint_mb"] / 3
    assert told["beside_mb"] < 30
