"""`diffedit tune`, whole: from a folder of code to a model that can be chosen, on a tiny model."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
import tiny_gguf

from diffedit.backends import gguf_stamp
from diffedit.backends.adapter_header import about
from diffedit.backends.small import SmallBackend
from diffedit.backends.small_weights import GgufFile, load_weights
from diffedit.cases import source
from diffedit.cases.source import Module
from diffedit.cli import main
from diffedit.config import models
from diffedit.core.errors import ModelError
from diffedit.engine.params import DenoiseParams
from diffedit.engine.step import Outcome
from diffedit.engine.task import Task
from diffedit.tune import corpus, gaps, tasks
from diffedit.tune.export import adopt, export
from diffedit.tune.net import Net
from diffedit.tune.tasks import Item

CODE = '''\
def read_{n}(path):
    """Read a whole file."""
    with open(path) as file:
        return file.read()


def total_{n}(x: int, y: int = 0) -> int:
    result = x + y
    result += x
    return result


def shown_{n}(name):
    label = "name %s" % name
    name = label
    return name
'''


@pytest.fixture
def project(tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of code, and a tiny model in the store, which NumPy runs."""
    monkeypatch.setattr(gguf_stamp, "installed", lambda: False)
    tiny = tiny_gguf.write(tmp_path / "tiny.gguf")
    models.add(tiny.path, "tiny")
    folder = tmp_path / "project"
    folder.mkdir()
    for number in range(4):
        (folder / f"part{number}.py").write_text(CODE.format(n=number), encoding="utf-8")
    return folder


def tune(project: Path, *words: str, steps: int = 2) -> int:
    asked = ["tune", str(project), "--model", "tiny", "--name", "mine", "--rank", "2"]
    return main([*asked, "--steps", str(steps), *words])


def log(home: Path) -> list[dict[str, float]]:
    text = (home / "data" / "tune" / "mine" / "log.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("objective", ["causal", "gaps", "mask"])
def test_a_folder_becomes_a_model(
    project: Path, home: Path, objective: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Tasks, steps, adapter, table; the result is listed, found, loaded, and answers edits."""
    check = "0" if objective == "mask" else "1"
    assert tune(project, "--objective", objective, "--check", check) == 0
    told = capsys.readouterr()
    assert "tokens/s" in told.err
    assert ("untuned" in told.out) == (check == "1")
    assert log(home)[-1]["step"] == 2
    model = models.find("mine")
    assert objective in model.summary
    backend = SmallBackend(model.path, "auto", model.options)
    backend.load(lambda *_: None)
    assert backend.abilities.noise == ("mask" if objective == "mask" else "causal")
    assert backend.abilities.clamp == (objective == "mask")
    task = Task(text="x = 1\n", instruction="rename x to y", language="python")
    *_, last = backend.rewrite(task, DenoiseParams(), lambda: False)
    assert isinstance(last, Outcome)
    assert last.text.endswith("\n")


def test_a_gap_is_learnt_after_the_text_on_both_sides() -> None:
    """What is below comes first and is only read; the gap weighs most, around it every third."""
    item = Item(
        kind="missing_line",
        before="def f(x):\n   ",
        answer=" y = x",
        after="\n    return y",
    )
    found = gaps.read(item, lambda text: list(text.encode()))
    assert bytes(found.ids).decode() == (
        "# below\n    return y\n# above\ndef f(x):\n    y = x\n    r"
    )
    weighs = {1.0: "", gaps.AROUND_WEIGHT: "", 0.0: ""}
    for token, weight in zip(found.ids, found.weights, strict=True):
        weighs[weight] += chr(token)
    assert weighs[1.0] == "\n    y = x"
    assert weighs[gaps.AROUND_WEIGHT] == "def f(x):"[::3] + "\n    r"[::3]
    short = tasks.trimmed(replace(item, before="a = 1\n" * 100 + item.before), gaps.SHORT)
    assert len(short.before) <= gaps.SHORT[0]
    assert short.before.startswith("a = 1\n")
    assert short.after == item.after
    assert tasks.trimmed(replace(item, after="")).after == ""


def test_most_gaps_are_learnt_where_they_stand() -> None:
    """Both sides are those of the file; a file with something of the test part shows none of it."""
    method = "    def sum_{n}(self, x):\n        y = x + {n}\n        y *= {n}\n        return y\n"
    text = "class Sums:\n" + "\n".join(method.format(n=n) for n in range(100, 112))
    module = Module("sums", text)
    functions = corpus.functions([module])
    items = tasks.gaps(functions, Random(3), 40, corpus.texts([module]))
    shown = [item.before + item.answer + item.after for item in items]
    in_file = [page for page in shown if page.count("def ") > 1]
    assert len(shown) / 2 < len(in_file) < len(shown) == 36
    assert all(page in text for page in in_file)
    mark = source.fingerprint(functions[0].node)
    assert corpus.texts([module], refused=frozenset({mark})) == {}


def test_a_run_goes_on_where_it_was_killed(project: Path, home: Path) -> None:
    """The second call begins at the first one's step, with its weights; a finished one ends."""
    assert tune(project, "--check", "0", steps=2) == 0
    first = log(home)[-1]
    assert tune(project, "--check", "0", steps=3) == 0
    second = log(home)[-1]
    assert second["step"] == 3
    assert second["tokens"] > first["tokens"]
    assert second["seconds"] > first["seconds"]
    assert tune(project, "--check", "0", steps=3) == 0
    assert log(home)[-1] == second


def test_training_lowers_the_loss(project: Path, home: Path) -> None:
    """Some steps on a folder of four files: the answers are learnt by heart, in part."""
    assert tune(project, "--check", "0", "--rate", "3e-2", steps=1) == 0
    before = log(home)[-1]["loss"]
    assert tune(project, "--check", "0", "--rate", "3e-2", steps=20) == 0
    assert log(home)[-1]["loss"] < 0.9 * before


def test_a_run_begins_with_what_another_has_learnt(
    project: Path, home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--from`: the loss goes on from there; another rank or purpose is refused."""
    assert tune(project, "--check", "0", "--rate", "3e-2", "--objective", "gaps", steps=20) == 0
    learnt = log(home)[-1]["loss"]
    made = models.find("mine").options["adapter"]
    more = ["tune", str(project), "--model", "tiny", "--name", "more", "--objective", "gaps"]
    asked = [*more, "--check", "0", "--steps", "1", "--from", made]
    assert main([*asked, "--rank", "2"]) == 0
    text = (home / "data" / "tune" / "more" / "log.jsonl").read_text(encoding="utf-8")
    assert json.loads(text.splitlines()[0])["loss"] < 1.1 * learnt
    capsys.readouterr()
    assert main([*asked, "--rank", "3", "--name", "other"]) == 3
    assert "another --rank" in capsys.readouterr().err
    assert main([*asked, "--rank", "2", "--name", "third", "--objective", "causal"]) == 3
    assert "no adapter for causal" in capsys.readouterr().err
    nowhere = [*more, "--from", "/nope.safetensors"]
    assert main(nowhere) == 3
    assert "Cannot read the adapter" in capsys.readouterr().err


@pytest.mark.parametrize("objective", ["gaps", "mask"])
def test_what_is_begun_with_comes_out_as_it_was(
    project: Path, tmp_path: Path, objective: str
) -> None:
    """Read in and written again, an adapter is the same file, to the last bit."""
    assert tune(project, "--check", "0", "--rate", "3e-5", "--objective", objective) == 0
    made = Path(models.find("mine").options["adapter"])
    net = Net(load_weights(GgufFile(Path(models.find("tiny").path)), lambda *_: None), 2)
    adopt(net, made)
    words = {name: word for name, word in about(made).items() if name != "objective"}
    export(net, objective, words, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == made.read_bytes()


def test_what_cannot_be_tuned_is_said(
    project: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder without Python, no folder, another folder under a name: one line, exit 2 or 3."""
    empty = tmp_path / "empty"
    empty.mkdir()
    assert tune(empty, "--check", "0") == 2
    assert "no Python here" in capsys.readouterr().err
    assert tune(tmp_path / "nowhere") == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert tune(project, "--check", "0", steps=1) == 0
    capsys.readouterr()
    assert tune(empty, "--check", "0") == 2
    assert "made of something else" in capsys.readouterr().err
    for words in (("--rank", "3"), ("--from", "none"), ("--seed", "1")):
        assert tune(project, "--check", "0", *words, steps=2) == 2, words
        assert "made of something else" in capsys.readouterr().err
    assert main(["tune", str(project), "--name", "small"]) == 3


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"GGUF\3\0\0\0\1\0\0\0\0\0\0\0", "is a GGUF file, not an adapter. `diffedit tune`"),
        (b"# Notes of mine\n", "is no adapter. `diffedit tune`"),
        (b"", "is no adapter. `diffedit tune`"),
        (b'\x40\0\0\0\0\0\0\0{"a"', "is damaged: its header cannot be read. Make it again."),
    ],
)
def test_what_to_begin_with_is_called_what_it_is(tmp_path: Path, data: bytes, said: str) -> None:
    """Only what was an adapter once is a damaged one."""
    path = tmp_path / "other"
    path.write_bytes(data)
    with pytest.raises(ModelError, match=re.escape(f"{path} {said}")):
        about(path)
