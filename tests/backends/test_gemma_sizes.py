"""What DiffusionGemma takes, counted on the released shapes; what is chosen on which machine."""

from functools import cache
from typing import Any

import pytest
import torch
from transformers import DiffusionGemmaConfig

from diffedit.backends import gemma_build, gemma_memory, gemma_sizes
from diffedit.backends.gemma_memory import Machine
from diffedit.backends.gemma_packed import Format, pack
from diffedit.backends.gemma_sizes import Kind, Need
from diffedit.config import gemma_known
from diffedit.core.errors import OutOfMemoryError, RequestError

GB = 10**9


@pytest.fixture(scope="module")
def model() -> Any:
    """The released model at its full size, without weights (torch's meta device)."""
    return gemma_build.empty(DiffusionGemmaConfig.from_dict(gemma_known.CONFIG))


@pytest.fixture(scope="module")
def needs(model: Any) -> dict[Kind, Need]:
    """What each kind of weights needs of the released model."""
    weights = {id(value): (name, value) for name, value in model.state_dict(keep_vars=True).items()}
    shapes = [(name, tuple(value.shape), 2) for name, value in weights.values()]
    return {kind: gemma_sizes.need(shapes, gemma_known.CONFIG, kind) for kind in gemma_sizes.KINDS}


def test_int4_fits_into_18_gb(needs: dict[Kind, Need]) -> None:
    """Weights, a cache of 8,192 tokens, a step's logits and what is unpacked: under 18.0e9."""
    need = needs["int4"]
    assert need.cache == 25 * 4 * 3328 * 8 * 256 + 5 * 4 * 8448 * 2 * 512
    assert need.logits == 4 * 4 * 256 * 262144
    assert need.total < 18.0 * GB
    assert need.weights > 0.5 * 22.8 * GB


def test_the_count_is_that_of_the_packed_model(model: Any, needs: dict[Kind, Need]) -> None:
    """Every tensor of the full size, packed on the meta device, has the bytes that were counted."""
    weights = {id(value): (name, value) for name, value in model.state_dict(keep_vars=True).items()}
    total = 0
    for name, value in weights.values():
        what = gemma_sizes.scheme(name, tuple(value.shape))
        if what == "keep":
            total += 2 * value.numel()
            continue
        form: Any = "int4" if what == "experts" else "int8"
        total += value.numel() // value.shape[-1] * row_bytes(value.shape[-1], form)
    assert total == needs["int4"].weights


@cache
def row_bytes(width: int, form: Format) -> int:
    """What packing makes of one row, which is enough to see how all are packed."""
    row = pack(torch.zeros(1, width), form)
    return row.codes.nbytes + row.scales.nbytes


def test_packing_the_release_reads_stretches_of_32_mib(model: Any) -> None:
    """No row of the outermost axis is longer, so no tensor and no shard is ever held whole.

    The largest tensor has 1.48 GB, an expert stack 1.01 GB; `diffedit bench gemma --load` measures
    what 32 MiB at a time take beside the result.
    """
    sizes = {name: 2 * value.numel() for name, value in model.state_dict().items()}
    rows = {
        name: 2 * value[0].numel() for name, value in model.state_dict().items() if value.dim() > 1
    }
    assert max(sizes.values()) == 2 * 262_144 * 2816
    assert max(size for name, size in sizes.items() if ".experts." in name) == 2 * 128 * 1408 * 2816
    assert max(rows.values()) < gemma_build.PART == 32 << 20
    # Even copies of a whole stretch by the dozen, in float32, are far under 8 GB.
    assert 24 * 2 * gemma_build.PART < 8 * GB


def test_what_is_said_before_it_is_fetched_is_that_count(needs: dict[Kind, Need]) -> None:
    """`diffedit models info` knows the released model's needs without its files."""
    assert {kind: needs[kind] for kind in gemma_known.NEEDS} == gemma_known.NEEDS


def test_bf16_is_the_size_of_the_release(needs: dict[Kind, Need]) -> None:
    """51.6 GB, as the card says."""
    assert needs["bf16"].weights == pytest.approx(51.6 * GB, rel=0.002)


@pytest.mark.parametrize(
    ("free", "device", "plan"),
    [
        ((80, 100), "auto", ("bf16", "cuda", False)),
        ((47, 100), "auto", ("int8", "cuda", False)),
        ((23, 100), "auto", ("int4", "cuda", False)),
        ((11, 60), "auto", ("int4", "cuda", True)),
        ((11, 8), "cpu", None),
        ((0, 24), "auto", ("int4", "cpu", False)),
        ((0, 64), "cpu", ("bf16", "cpu", False)),
        ((4, 24), "auto", ("int4", "cpu", False)),
        ((11, 8), "auto", None),
    ],
)
def test_the_truest_weights_that_fit_are_taken(
    needs: dict[Kind, Need],
    free: tuple[int, int],
    device: str,
    plan: tuple[str, str, bool] | None,
) -> None:
    """By free memory of GPU and host, in GB; nothing fits: an error that says how much it takes."""
    here = machine(*free)
    if plan is None:
        with pytest.raises(OutOfMemoryError, match=r"in int4 need 1\d\.\d GB .* are free.*server"):
            gemma_memory.choose(needs, here, device=device, wanted="auto")
        return
    chosen = gemma_memory.choose(needs, here, device=device, wanted="auto")
    assert (chosen.kind, chosen.device, chosen.offload) == plan
    assert ("a step at" in chosen.note) is chosen.offload


def test_too_much_is_refused_with_what_would_do(needs: dict[Kind, Need]) -> None:
    """bf16 on a card of 24 GB: how much it needs, and the option that fits."""
    with pytest.raises(OutOfMemoryError) as caught:
        gemma_memory.choose(needs, machine(24, 16), device="cuda", wanted="bf16")
    assert "Weights in bf16 need 53.6" in str(caught.value)
    assert "24.0 GB are free. Say --option weights=int4: it needs 17" in str(caught.value)


def test_offloaded_experts_are_told_with_their_cost(needs: dict[Kind, Need]) -> None:
    """fp8 by request on a card of 24 GB: the experts cross at every step."""
    plan = gemma_memory.choose(needs, machine(24, 60), device="cuda", wanted="fp8")
    assert plan.offload
    assert "The experts (22.9 GB) stay in the host's memory" in plan.note
    assert "about 0.9 s a step" in plan.note


def test_a_word_that_names_no_weights(needs: dict[Kind, Need]) -> None:
    """The kinds are listed."""
    with pytest.raises(RequestError, match=r"no weights 'int3'.*Say auto, bf16, fp8, int8, int4"):
        gemma_memory.choose(needs, machine(24, 60), device="cuda", wanted="int3")


def test_this_machine_is_known() -> None:
    """Free memory is more than nothing and no more than there is."""
    here = gemma_memory.machine()
    assert 0 < here.host_free <= here.host


def machine(gpu: int, host: int) -> Machine:
    """A machine with so much free, in GB."""
    return Machine(
        host_free=host * GB,
        host=host * GB,
        gpu_name="card" if gpu else "",
        gpu_free=gpu * GB,
        gpu=gpu * GB,
    )


@pytest.mark.parametrize(
    ("prompt", "own", "rows"),
    [(1024, 0, 11), (3072, 0, 4), (1024, 1024, 4), (1536, 768, 4), (3072, 768, 2), (8192, 0, 1)],
)
def test_rows_of_a_batch_take_no_more_than_is_counted(
    needs: dict[Kind, Need], prompt: int, own: int, rows: int
) -> None:
    """So many at once, and all stays under 18.0e9 bytes with int4 weights.

    They take their pass before the logits are made, in their 1.07 GB, and keep what they commit
    in what the prompt leaves of the cache's 8,192 tokens.
    """
    text = gemma_known.CONFIG["text_config"]
    room = gemma_sizes.logits_bytes(gemma_known.CONFIG)
    assert room == needs["int4"].logits
    assert gemma_sizes.rows_in(text, room, canvas=256, prefix=prompt, own=own) == rows
    # Of the layers that see everything: two heads of 512 numbers, read twice and for 16 heads,
    # and scores of 256 slots.
    seen = prompt + own + 256
    passing = 2 * (2 * 2 + 16) * seen * 512 * 2 + 2 * 16 * 256 * seen * 4
    kept = 2 * 2 * (25 * min(own, 1024) * 8 * 256 + 5 * own * 2 * 512)
    cache = gemma_sizes.cache_bytes(text, prompt)
    assert cache + rows * (passing + kept) <= needs["int4"].cache + room
    assert needs["int4"].total < 18.0 * GB
