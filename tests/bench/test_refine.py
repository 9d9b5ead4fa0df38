"""Parallel refinement against a token at a time: the same text, and the figures of both."""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from diffedit.backends import gguf_stamp, small_weights
from diffedit.backends.small_denoiser import SmallDenoiser
from diffedit.backends.small_model import Llama
from diffedit.backends.small_tokenizer import SmallTokenizer
from diffedit.bench import refine, refine_wide
from diffedit.config import models
from diffedit.core.errors import ModelError, RequestError

sys.path.insert(0, str(Path(__file__).parents[1] / "backends"))

import tiny_gguf


def test_both_ways_give_the_same_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On a tiny model: one edit a line, in fewer looks than tokens, and what it comes to."""
    path = tiny_gguf.write(tmp_path / "tiny.gguf").path
    monkeypatch.setattr(gguf_stamp, "installed", lambda: False)
    monkeypatch.setattr(refine, "EDITS", (("def f(x):\n    return x\n", "Rename x"),))
    assert refine.main(["--model", str(path), "--json"]) == 0
    told = capsys.readouterr().out
    assert '"all_same": true' in told
    assert refine.main(["--model", str(path)]) == 0
    table = capsys.readouterr().out
    assert "Rename x" in table
    assert "edits keep over 80% of the selection" in table


def test_only_a_left_to_right_model_is_measured() -> None:
    """Others are refused in one line, and so are wrong words."""
    with pytest.raises(ModelError, match="no left-to-right model"):
        refine.main(["--model", "null"])
    with pytest.raises(RequestError, match="See `diffedit bench refine --help`"):
        refine.main(["--loud"])


def test_what_is_kept_is_counted_in_order() -> None:
    """Half of the tokens stand in the answer, in their order."""
    assert refine.kept([1, 2, 3, 4], [9, 1, 8, 2]) == 0.5
    assert refine.kept([], [1]) == 0.0


def test_the_wide_model_gives_the_answers_of_the_narrow_one(tmp_path: Path) -> None:
    """Zeros beyond its rows and columns: other sizes, the same likelihoods up to half precision."""
    narrow = tiny_gguf.write(tmp_path / "narrow.gguf").path
    wide = tmp_path / "wide.gguf"
    width = tiny_gguf.WIDTH * 3
    refine_wide.write(wide, narrow, width, tiny_gguf.HIDDEN + 64)
    shapes = [small_weights.shape_of(small_weights.GgufFile(path)) for path in (narrow, wide)]
    assert shapes[1].width == width
    assert shapes[1].heads == 3 * shapes[0].heads
    plain, filled = (
        likelihood(path, "def total(values):\n    return 0\n") for path in (narrow, wide)
    )
    assert filled == pytest.approx(plain, rel=2e-3)
    assert plain < -1.0


def test_a_width_that_its_heads_do_not_fill_is_refused(tmp_path: Path) -> None:
    """Neither a part of a head nor less than there is."""
    narrow = tiny_gguf.write(tmp_path / "narrow.gguf").path
    for width in (tiny_gguf.WIDTH + 1, tiny_gguf.WIDTH // 2):
        with pytest.raises(ModelError, match="cannot be made one of"):
            refine_wide.write(tmp_path / "wide.gguf", narrow, width, tiny_gguf.HIDDEN)


def likelihood(path: Path, text: str) -> float:
    """Log p of a text after a first word, in NumPy."""
    file = small_weights.GgufFile(path)
    model = Llama(small_weights.load_weights(file, lambda *_told: None), 256)
    denoiser = SmallDenoiser(model, SmallTokenizer(file.fields), context=256)
    denoiser.prefill(denoiser.encode("import math\n"))
    return denoiser.likelihoods([denoiser.encode(text)])[0]


@pytest.mark.gguf
def test_the_model_in_the_box_is_measured_as_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Through llama.cpp, in the weights that were asked for; its files are gone afterwards."""
    path = tiny_gguf.write(tmp_path / "small.gguf").path
    found = SimpleNamespace(installed=True, path=str(path))
    monkeypatch.setattr(models, "find", lambda _name: found)
    monkeypatch.setattr(refine_wide, "SHIPPED", None)
    monkeypatch.setattr(refine_wide, "WIDTH", 4 * tiny_gguf.WIDTH)
    monkeypatch.setattr(refine_wide, "HIDDEN", 4 * tiny_gguf.HIDDEN)
    monkeypatch.setattr(refine, "EDITS", (("def f(x):\n    return x\n", "Rename x"),))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert refine.main(["--wide", "--option", "requantize=q8_0", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["model"], told["backend"], told["all_same"]) == ("wide", "gguf", True)
    assert list(tmp_path.glob("diffedit-wide-*")) == []
