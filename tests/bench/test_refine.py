"""Parallel refinement against a token at a time: the same text, and the figures of both."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from diffedit.backends import gguf_stamp
from diffedit.bench import refine
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
