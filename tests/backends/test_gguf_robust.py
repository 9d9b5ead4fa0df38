"""Every abort, segfault and bus error of llama.cpp, provoked for real, and what we make of it.

Each case runs in a process of its own. The first test of a pair shows that the library dies of it,
so that the day it does not, we hear of it; the second that ours does not.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import tiny_llama

from diffedit.backends import gguf_probe
from diffedit.core.errors import ModelError

pytestmark = pytest.mark.gguf

HERE = Path(__file__).parent
RAW = """
import ctypes, os, sys
import numpy as np
from diffedit.backends import gguf_library
from diffedit.backends.gguf_model import GgufModel
from diffedit.backends.gguf_context import GgufContext, Sizes
L = gguf_library.library()
path = sys.argv[1]
def context(**sizes):
    return GgufContext(GgufModel(__import__("pathlib").Path(path)), Sizes(threads=1, **sizes))
def raw_batch(count, wanted=1):
    batch = L.llama_batch_init(count, 0, 1)
    batch.n_tokens = count
    for slot in range(count):
        batch.token[slot], batch.pos[slot], batch.logits[slot] = 5, slot, wanted
        batch.n_seq_id[slot], batch.seq_id[slot][0] = 1, 0
    return batch
"""


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_llama.write(tmp_path_factory.mktemp("robust") / "tiny.gguf")


def child(code: str, path: Path) -> subprocess.CompletedProcess[str]:
    """What a process comes to that runs this code on this file."""
    return subprocess.run(
        [sys.executable, "-c", RAW + textwrap.dedent(code), str(path)],
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        env=os.environ | {"GGML_NO_BACKTRACE": "1", "OMP_WAIT_POLICY": "passive"},
    )


DEADLY: dict[str, tuple[str, set[int]]] = {
    "more tokens than a batch holds": (
        """
        held = context(cells=256, batch=64)
        L.llama_decode(held._pointer, raw_batch(128))
        """,
        {signal.SIGABRT},
    ),
    "a canvas longer than a pass that looks both ways": (
        """
        model = GgufModel(__import__("pathlib").Path(path))
        params = L.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch = 256, 256, 64
        pointer = L.llama_init_from_model(model.pointer, params)
        L.llama_set_causal_attn(pointer, False)
        L.llama_decode(pointer, raw_batch(128))
        """,
        {signal.SIGABRT},
    ),
    "more scores than were made room for": (
        """
        model = GgufModel(__import__("pathlib").Path(path))
        params = L.llama_context_default_params()
        params.n_ctx, params.n_batch, params.n_ubatch, params.n_outputs_max = 256, 128, 128, 32
        pointer = L.llama_init_from_model(model.pointer, params)
        L.llama_decode(pointer, raw_batch(64))
        """,
        {signal.SIGABRT},
    ),
    "scores read after their context was freed": (
        """
        held = context(cells=65536, batch=2048)
        L.llama_decode(held._pointer, raw_batch(2048))
        scores = np.ctypeslib.as_array(L.llama_get_logits(held._pointer), (2048 * 320,))
        pointer, held._pointer = held._pointer, None
        L.llama_free(pointer)
        # The allocator may keep what was freed; it must not, for this to be seen.
        ctypes.CDLL(None).malloc_trim(0)
        print(float(scores.sum()))
        """,
        {signal.SIGSEGV},
    ),
    "a file cut while it is in use": (
        """
        model = GgufModel(__import__("pathlib").Path(path))
        held = GgufContext(model, Sizes(cells=256, threads=1))
        os.truncate(path, 4096)
        held.decode([5] * 8, range(8), [0] * 8, [True] * 8)
        """,
        {signal.SIGBUS},
    ),
}


@pytest.mark.parametrize("name", DEADLY)
def test_the_library_dies_of(model: Path, tmp_path: Path, name: str) -> None:
    """The danger is real: the raw call ends the process by the signal that is told of it."""
    code, signals = DEADLY[name]
    copy = tmp_path / "copy.gguf"
    copy.write_bytes(model.read_bytes())
    assert -child(code, copy).returncode in signals


SURVIVED = {
    "more tokens than a batch holds": """
        held = context(cells=256, batch=64)
        held.decode([5] * 128, range(128), [0] * 128, [True] * 128)
        """,
    "a canvas longer than a pass": """
        from diffedit.backends.gguf_editing import editing
        from diffedit.backends.gguf_options import Options
        from diffedit.engine.canvas import Canvas
        model = GgufModel(__import__("pathlib").Path(path))
        at_work = editing(model, Options(), 256, gpu=False, path=model.path)
        at_work.causal.prefill([5] * 300)
        """,
    "more rows than there are": """
        context(cells=256, rows=2).decode([5], [0], [7], [True])
        """,
    "more candidates than llama.cpp has": """
        context(cells=256, rows=100000)
        """,
    "a token that is none": """
        context(cells=256).decode([10**6], [0], [0], [True])
        """,
    "a place that leaves a hole": """
        context(cells=256).decode([5, 5], [0, 9], [0, 0], [True, True])
        """,
    "a full cache": """
        held = context(cells=256)
        held.decode([5] * 200, range(200), [0] * 200, [True] * 200)
        held.decode([5] * 100, range(200, 300), [0] * 100, [True] * 100)
        """,
    "a context larger than the memory": """
        import resource
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
        context(cells=40_000_000)
        """,
}


@pytest.mark.parametrize("name", SURVIVED)
def test_ours_answers_in_one_line(model: Path, name: str) -> None:
    """The same mistakes through our calls are errors that a person can read."""
    code = (
        "from diffedit.core.errors import DiffeditError\ntry:\n"
        + textwrap.indent(textwrap.dedent(SURVIVED[name]), "    ")
        + "\nexcept DiffeditError as error:\n    print('SAID', error)\n"
    )
    ended = child(code, model)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("SAID ")
    assert ended.stdout.count("\n") == 1


def test_scores_are_ours_to_keep(model: Path) -> None:
    """What a look gave stays as it was when the next one is made and the context is gone."""
    code = """
    held = context(cells=256)
    first = held.decode([5, 6, 7], range(3), [0] * 3, [True] * 3)
    before = first.copy()
    held.clear()
    held.decode([9, 8, 7], range(3), [0] * 3, [True] * 3)
    del held
    print("same", bool((first == before).all()))
    """
    assert child(code, model).stdout.strip() == "same True"


def test_a_failing_callback_harms_nothing(model: Path) -> None:
    """An exception in the question whether to stop is not passed through C."""
    code = """
    held = context(cells=256)
    def loud():
        raise KeyError("boom")
    held.cancelled = loud
    print(held.decode([5], [0], [0], [True]).shape)
    """
    ended = child(code, model)
    assert ended.returncode == 0
    assert ended.stdout.startswith("(1, ")


# Files -----------------------------------------------------------------------------------------


def damaged(model: Path, folder: Path) -> dict[str, Path]:
    """The file in all the ways in which it can be broken."""
    whole = model.read_bytes()
    header = whole[:-200_000] if len(whole) > 400_000 else whole[: len(whole) // 3]
    made = {
        "empty": b"",
        "wrong magic": b"XXXX" + whole[4:],
        "cut in the header": whole[:4096],
        "cut in the weights": whole[: len(whole) * 3 // 4],
        "cut at the end": whole[:-100],
        "garbage in the header": whole[:200] + bytes(range(256)) + whole[456:],
        "an absurd count": whole[:16] + (2**40).to_bytes(8, "little") + whole[24:],
        "an absurd length": whole[:24] + (2**61).to_bytes(8, "little") + whole[32:],
    }
    assert len(header) > 456
    found = {}
    for number, (name, data) in enumerate(made.items()):
        found[name] = folder / f"{number}.gguf"
        found[name].write_bytes(data)
    return found


def test_no_damaged_file_ends_the_process(model: Path, tmp_path: Path) -> None:
    """Eight broken files, each answered in one line by the process that looks."""
    for name, path in damaged(model, tmp_path).items():
        code = f"""
        from diffedit.backends.gguf_model import GgufModel
        from diffedit.core.errors import ModelError
        for path in {[str(path)]!r}:
            try:
                GgufModel(__import__("pathlib").Path(path), check=True)
            except ModelError as error:
                print("SAID", error)
        """
        ended = child(code, path)
        assert ended.returncode == 0, name
        assert ended.stdout.startswith("SAID llama.cpp cannot load "), name
        assert ended.stdout.count("\n") == 1, name


def test_a_file_that_kills_is_told_as_one(tmp_path: Path) -> None:
    """A model whose header makes llama.cpp abort ends the looker, not the one who asked."""
    path = tiny_llama.write(tmp_path / "moe.gguf", "llada-moe")
    whole = path.read_bytes()
    key = b"llada-moe.expert_count"
    assert key in whole
    path.write_bytes(whole.replace(key, b"llada-moe.expert_couns"))
    with pytest.raises(ModelError, match=r"was ended by SIGABRT by moe\.gguf"):
        gguf_probe.look(path)


def test_damaged_weights_are_found_when_the_file_is_looked_at(tmp_path: Path) -> None:
    """The size is right and the header is sound; only looking at every weight tells."""
    path = tiny_llama.write(tmp_path / "bits.gguf")
    assert gguf_probe.look(path).kind == "causal"
    whole = bytearray(path.read_bytes())
    whole[-40_000:-20_000] = b"\xff" * 20_000
    path.write_bytes(whole)
    with pytest.raises(ModelError, match=r"cannot load bits\.gguf"):
        gguf_probe.look(path)


def test_an_unknown_architecture_is_asked_of_the_library(tmp_path: Path) -> None:
    """One line with what to use instead; a family it knows tells what kind it is."""
    with pytest.raises(ModelError, match=r"does not know the architecture 'diffusion-gemma'"):
        gguf_probe.look(tiny_llama.unknown(tmp_path / "dg.gguf"))
    facts = gguf_probe.look(tiny_llama.write(tmp_path / "dream.gguf", "dream"))
    assert (facts.architecture, facts.kind) == ("dream", "mask")
    assert facts.memory > (tmp_path / "dream.gguf").stat().st_size


def test_a_model_without_a_mask_or_a_decoder_is_refused(tmp_path: Path) -> None:
    """What writes no text, or says not what its noise is, is one line."""
    path = tiny_llama.write(tmp_path / "m.gguf", "dream")
    whole = path.read_bytes()
    key = b"tokenizer.ggml.mask_token_id"
    path.write_bytes(whole.replace(key, b"tokenizer.ggml.mask_token_ix"))
    with pytest.raises(ModelError, match="says not which token is its mask"):
        gguf_probe.look(path)
