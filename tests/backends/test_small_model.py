"""The NumPy model: its file, its vocabulary, its numbers, and decoding in fewer passes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import tiny_gguf
from numpy.typing import NDArray
from tiny_gguf import Tiny

from diffedit.backends.small_denoiser import SmallDenoiser
from diffedit.backends.small_model import Llama
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.backends.small_weights import GgufFile, load_weights
from diffedit.core.errors import ModelError, TooLongError
from diffedit.engine.causal import Limits, Row, Window, decode_rows
from diffedit.engine.guess import Source

PROMPT = "def total(values):\n    result = 0\n"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    return tiny_gguf.write(tmp_path_factory.mktemp("model") / "tiny.gguf")


def denoiser_of(path: Path, context: int = 512) -> SmallDenoiser:
    file = GgufFile(path)
    weights = load_weights(file, lambda *_told: None)
    return SmallDenoiser(Llama(weights, context), SmallTokenizer(file.fields), context=context)


@pytest.fixture
def denoiser(tiny: Tiny) -> SmallDenoiser:
    return denoiser_of(tiny.path)


def plain_logits(
    weights: dict[str, NDArray[np.float32]], ids: Sequence[int]
) -> NDArray[np.float64]:
    """The whole network once more, written for clearness: no cache, no rows, float64."""
    w = {name: values.astype(np.float64) for name, values in weights.items()}
    half, count = tiny_gguf.HEAD // 2, len(ids)
    angles = np.arange(count)[:, None] * tiny_gguf.ROPE_BASE ** (-np.arange(half) / half)
    turn = np.exp(1j * angles)[:, None]

    def norm(x: NDArray[np.float64], scale: NDArray[np.float64]) -> NDArray[np.float64]:
        normed: NDArray[np.float64] = x / np.sqrt((x**2).mean(-1, keepdims=True) + tiny_gguf.EPS)
        return normed * scale

    def rotated(x: NDArray[np.float64]) -> NDArray[np.float64]:
        pairs = x.reshape(count, -1, half, 2)
        spun = (pairs[..., 0] + 1j * pairs[..., 1]) * turn
        return np.stack([spun.real, spun.imag], -1).reshape(count, -1, tiny_gguf.HEAD)

    x = w["token_embd.weight"][list(ids)]
    for number in range(tiny_gguf.LAYERS):
        part = {key.split(".", 2)[2]: v for key, v in w.items() if key.startswith(f"blk.{number}.")}
        y = norm(x, part["attn_norm.weight"])
        q, k = rotated(y @ part["attn_q.weight"].T), rotated(y @ part["attn_k.weight"].T)
        v = (y @ part["attn_v.weight"].T).reshape(count, -1, tiny_gguf.HEAD)
        out = []
        for head in range(tiny_gguf.HEADS):
            of = head * tiny_gguf.KV_HEADS // tiny_gguf.HEADS
            scores = q[:, head] @ k[:, of].T / np.sqrt(tiny_gguf.HEAD)
            scores[np.triu_indices(count, 1)] = -np.inf
            chances = np.exp(scores - scores.max(-1, keepdims=True))
            out.append(chances / chances.sum(-1, keepdims=True) @ v[:, of])
        x = x + np.concatenate(out, -1) @ part["attn_output.weight"].T
        y = norm(x, part["ffn_norm.weight"])
        gate = y @ part["ffn_gate.weight"].T
        x = (
            x
            + (gate / (1 + np.exp(-gate)) * (y @ part["ffn_up.weight"].T))
            @ part["ffn_down.weight"].T
        )
    last: NDArray[np.float64] = norm(x, w["output_norm.weight"]) @ w["token_embd.weight"].T
    return last


def chances_of(denoiser: SmallDenoiser, ids: Sequence[int]) -> float:
    return denoiser.likelihoods([ids])[0]


def decoded(
    denoiser: SmallDenoiser, temperatures: Sequence[float], start: Sequence[int], tokens: int
) -> list[list[int]]:
    rows = [
        Row(temperature=t, noise_seed=n, source=Source(start), window=16)
        for n, t in enumerate(temperatures)
    ]
    for _look in decode_rows(denoiser, rows, Limits(tokens=tokens), Window()):
        pass
    return [row.settled for row in rows]


def token_by_token(denoiser: SmallDenoiser, tokens: int) -> list[int]:
    """Plain decoding: one token, one pass."""
    found: list[int] = []
    denoiser.start(1)
    while len(found) < tokens:
        (seen,) = denoiser.predict_rows([found[-1:]], [0.0], [0])
        token = seen.sampled[-1]
        if token in denoiser.end_ids:
            break
        denoiser.commit_rows([len(found[-1:])])
        found.append(token)
    return found


def test_the_likelihoods_are_those_of_an_independent_network(
    tiny: Tiny, denoiser: SmallDenoiser
) -> None:
    """Rotation, grouped heads, norms, the gate and the tied head all agree with a plain version."""
    ids = denoiser.encode(tiny_gguf.CORPUS)[:60]
    denoiser.prefill(ids[:25])
    logits = plain_logits(tiny.weights, ids)[24:-1]
    chances = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
    expected = chances[np.arange(35), ids[25:]].sum()
    assert chances_of(denoiser, ids[25:]) == pytest.approx(expected, abs=1e-2)


def test_choices_and_entropies_are_those_of_an_independent_network(
    tiny: Tiny, denoiser: SmallDenoiser
) -> None:
    """Each slot's argmax and entropy agree with a plain version, in rows of different lengths."""
    ids = denoiser.encode(tiny_gguf.CORPUS)
    denoiser.prefill(ids[:10])
    denoiser.start(2)
    canvases = [ids[10:22], ids[30:35]]
    for canvas, seen in zip(
        canvases, denoiser.predict_rows(canvases, [0.0, 0.0], [0, 0]), strict=True
    ):
        logits = plain_logits(tiny.weights, ids[:10] + canvas)[9:]
        chances = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
        assert seen.argmax == logits.argmax(-1).tolist()
        entropy = -(chances * np.log(chances)).sum(-1)
        assert np.allclose(seen.entropy, entropy, atol=1e-3)


def test_a_committed_row_sees_what_a_longer_prompt_sees(denoiser: SmallDenoiser) -> None:
    """Settled guesses keep their keys and values: no difference from reading them as a prompt."""
    ids = denoiser.encode(tiny_gguf.CORPUS)
    denoiser.prefill(ids[:10])
    denoiser.start(3)
    denoiser.predict_rows([ids[10:20], ids[40:50], ids[50:60]], [0.0] * 3, [0] * 3)
    denoiser.commit_rows([6, 9, 10])
    denoiser.keep_rows([2, 0])
    rows = denoiser.predict_rows([ids[:4], ids[16:24]], [0.0] * 2, [0] * 2)
    denoiser.prefill(ids[:16])
    denoiser.start(1)
    (alone,) = denoiser.predict_rows([ids[16:24]], [0.0], [0])
    assert rows[1].argmax == alone.argmax
    assert np.allclose(rows[1].entropy, alone.entropy, atol=1e-4)


def test_parallel_decoding_is_the_plain_text_in_fewer_passes(denoiser: SmallDenoiser) -> None:
    """Token for token what one token a pass writes, in fewer passes than tokens."""
    denoiser.prefill(denoiser.encode(PROMPT))
    plain = token_by_token(denoiser, 40)
    for start in (plain, plain[:18] + plain[20:], [5, 6, 7], []):
        passes = denoiser.passes
        (found,) = decoded(denoiser, [0.0], start, 40)
        assert found == plain
        if len(start) > 3:
            assert denoiser.passes - passes <= len(plain) // 3


def test_candidates_side_by_side_are_those_alone(denoiser: SmallDenoiser) -> None:
    """A batch changes no row: sampled ones are fixed by their seed and what stands left."""
    denoiser.prefill(denoiser.encode(PROMPT))
    together = decoded(denoiser, [0.0, 0.8, 0.8], [], 24)
    assert together[0] == token_by_token(denoiser, 24)
    assert together[1] != together[2]
    assert decoded(denoiser, [0.0, 0.8, 0.8], together[1], 24) == together


def test_a_prompt_read_again_costs_nothing(denoiser: SmallDenoiser) -> None:
    """Prefill reads only what differs from the cached prompt's beginning."""
    ids = denoiser.encode(tiny_gguf.CORPUS)
    denoiser.prefill(ids)
    before = chances_of(denoiser, ids[:5])
    read = denoiser.prefilled
    denoiser.prefill(ids)
    assert denoiser.prefilled == read
    denoiser.prefill(ids[:20] + ids[:3])
    assert denoiser.prefilled == read + 3
    denoiser.prefill(ids)
    assert chances_of(denoiser, ids[:5]) == pytest.approx(before, abs=1e-4)


def test_a_cancel_while_the_prompt_is_read_keeps_what_was_read(denoiser: SmallDenoiser) -> None:
    """A cancel between two parts of the prompt ends it there; the parts read stay cached."""
    ids = [5 + at % 40 for at in range(300)]
    answers = iter((False, True))
    denoiser.prefill(ids, lambda: next(answers))
    read = denoiser.prefilled
    assert 0 < read < len(ids)
    denoiser.prefill(ids)
    assert denoiser.prefilled == len(ids)


def test_a_prompt_that_does_not_fit_is_said_with_numbers(denoiser: SmallDenoiser) -> None:
    """Too many tokens name both counts."""
    with pytest.raises(TooLongError, match="513 tokens; 1 to 512"):
        denoiser.prefill([5] * 513)


def test_text_survives_the_vocabulary(denoiser: SmallDenoiser) -> None:
    """Decoding gives back any text; a split character stands at its last token."""
    for text in (tiny_gguf.CORPUS, "naïve 日本 😀\r\n\x00", "a<|im_end|>b", "x = 1234"):
        ids = denoiser.encode(text)
        assert "".join(denoiser.decode(ids)) == text
        assert not denoiser.end_ids & set(ids)
    pieces = denoiser.decode(denoiser.encode("é"))
    assert pieces == ["", "é"]
    assert denoiser.decode(denoiser.encode("é")[:1]) == ["\N{REPLACEMENT CHARACTER}"]
    assert denoiser.decode([*denoiser.end_ids]) == [""] * 3


def spoilt(path: Path, tiny: Tiny, change: str) -> Path:
    data = bytearray(tiny.path.read_bytes())
    if change == "short":
        data = data[:-200]
    elif change == "header":
        data = data[:300]
    elif change == "magic":
        data[:4] = b"PK\x03\x04"
    elif change == "count":
        data[8:16] = (2**60).to_bytes(8, "little")
    elif change == "empty":
        data = bytearray()
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("short", "200 bytes too early"),
        ("header", "header cannot be read"),
        ("magic", "not a GGUF file"),
        ("count", "header cannot be read"),
        ("empty", "is empty"),
    ],
)
def test_a_spoilt_file_is_one_clear_line(
    tmp_path: Path, tiny: Tiny, change: str, said: str
) -> None:
    """Truncated, foreign and damaged files raise ModelError before any weight is read."""
    with pytest.raises(ModelError, match=said) as caught:
        GgufFile(spoilt(tmp_path / "x.gguf", tiny, change))
    assert "\n" not in str(caught.value)


def test_another_architecture_is_named(tmp_path: Path) -> None:
    """A file of another family says which one it is."""
    tiny = tiny_gguf.write(tmp_path / "x.gguf", architecture="qwen2")
    with pytest.raises(ModelError, match="architecture 'qwen2'"):
        denoiser_of(tiny.path)


def test_numbers_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    """A NaN in a weight is found at load, and its tensor named."""
    tiny = tiny_gguf.write(tmp_path / "x.gguf", poison=True)
    with pytest.raises(ModelError, match=r"blk\.1\.ffn_norm\.weight holds numbers"):
        denoiser_of(tiny.path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    """A path that leads nowhere, or to a folder, is a ModelError."""
    for path in (tmp_path / "none.gguf", tmp_path):
        with pytest.raises(ModelError, match="Cannot read the model file"):
            GgufFile(path)


@pytest.mark.model
def test_the_real_model_decodes_its_plain_text_in_fewer_passes() -> None:
    """On real weights: the greedy text token for token, but for true ties of the scores."""
    denoiser = denoiser_of(Path(os.environ["DIFFEDIT_TEST_MODEL"]), 2048)
    text = "def read(path):\n    with open(path) as file:\n        return file.read()\n\n"
    denoiser.prefill(denoiser.encode(text + "def write(path, text):\n"))
    plain = token_by_token(denoiser, 48)
    assert "open(path" in "".join(denoiser.decode(plain))
    passes = denoiser.passes
    (found,) = decoded(denoiser, [0.0], plain[:20] + plain[23:], 48)
    assert denoiser.passes - passes < len(plain) // 2
    same = next(
        (n for n, pair in enumerate(zip(found, plain, strict=False)) if len({*pair}) > 1), 48
    )
    if same < 48:
        one, other = denoiser.likelihoods([found[: same + 1], plain[: same + 1]])
        assert one == pytest.approx(other, abs=1e-3)


def test_the_ways_to_leave_a_text_are_the_models_own_choices(denoiser: SmallDenoiser) -> None:
    """Each way is a beginning and another id; they come in the order of their likelihood."""
    denoiser.prefill(denoiser.encode(PROMPT))
    old = denoiser.encode("    return result\n")
    ways = denoiser.changes(old, 6)
    assert len(set(ways)) == 6
    for way in ways:
        assert list(way[:-1]) == old[: len(way) - 1]
        assert len(way) > len(old) or way[-1] != old[len(way) - 1]
    found = denoiser.likelihoods(ways)
    assert found == sorted(found, reverse=True)


def test_a_row_that_begins_like_a_text_that_was_read_goes_on_alike(
    denoiser: SmallDenoiser,
) -> None:
    """What the look at the old text left in the cache serves the rows that begin with it."""
    old = denoiser.encode("    return result\n")
    denoiser.prefill(denoiser.encode(PROMPT))
    ways = [tuple(old[:2]), *denoiser.changes(old, 3)]

    def answers() -> list[list[int]]:
        rows = [
            Row(temperature=0.0, noise_seed=0, source=Source(()), window=8, settled=list(way))
            for way in ways
        ]
        for _ in decode_rows(denoiser, rows, Limits(tokens=24), Window()):
            pass
        return [row.settled for row in rows]

    passes, cached = denoiser.passes, answers()
    denoiser.forget()
    denoiser.prefill(denoiser.encode(PROMPT))
    assert denoiser.start(4, ways) == [0] * 4
    assert answers() == cached
    assert denoiser.passes > passes
    assert all(tuple(row[: len(way)]) == way for row, way in zip(cached, ways, strict=True))


def test_rows_grow_from_any_row(denoiser: SmallDenoiser) -> None:
    """Two rows that go on from one say what two texts read afresh would say."""
    denoiser.prefill(denoiser.encode(PROMPT))
    first, second = denoiser.encode("    return"), denoiser.encode("    for")
    denoiser.start(1)
    denoiser.grow([0, 0], [first, second], 4)
    grown = denoiser.grow([1, 0, 1], [[5], [6], [7]], 4)
    for text, found in zip(([*second, 5], [*first, 6], [*second, 7]), grown, strict=True):
        denoiser.start(1)
        afresh = dict(denoiser.grow([0], [text], 4)[0])
        assert dict(found) == pytest.approx(afresh, abs=1e-3)
