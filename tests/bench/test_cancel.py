"""How long a cancel takes to be heard: every cancel is counted, and what is not heard is not."""

import json
from pathlib import Path

import pytest
import tiny_gguf

from diffedit import cli
from diffedit.backends import gguf_stamp
from diffedit.backends.null import NullBackend
from diffedit.bench import cancel
from diffedit.core.errors import ModelError
from diffedit.engine.task import Task


def test_cancels_are_measured_in_the_prompt_and_in_the_steps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As many as were asked for, half and half; the table tells whether the goal is met."""
    path = tiny_gguf.write(tmp_path / "tiny.gguf").path
    monkeypatch.setattr(gguf_stamp, "installed", lambda: False)
    monkeypatch.setattr(cancel, "WORDS", 60)
    monkeypatch.setattr(cancel, "EDITS", (("def f(x):\n    return x\n", "Rename x"),))
    words = ["bench", "cancel", "--model", str(path), "--cancels", "2"]
    assert cli.main([*words, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    for name in ("prompt", "steps"):
        assert told[name]["cancels"] == 1
        assert 0 <= told[name]["median_ms"] <= told[name]["p95_ms"] <= told[name]["worst_ms"]
    assert "(goal 50) " in cancel.table(told)


def test_a_run_that_is_over_first_is_no_cancel() -> None:
    """It ended by itself: nothing was heard."""
    backend = NullBackend("null", "auto", {})
    backend.load(lambda *_: None)
    assert cancel.cancelled_after(backend, Task(text="a b\n"), 1e6) is None


def test_a_model_that_is_not_here_is_told() -> None:
    """Before anything is measured."""
    with pytest.raises(ModelError, match="not on this machine"):
        cancel.main(["--model", "small"])
