"""Check and mend: what a draft made worse is denoised again, and nothing else."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from diffedit.config import settings
from diffedit.config.models import Model
from diffedit.core.document import Document
from diffedit.core.errors import RequestError
from diffedit.core.span import Span
from diffedit.core.start import Start
from diffedit.engine.params import DenoiseParams
from diffedit.worker.check import ROUNDS, Checker, mended
from diffedit.worker.client import Client
from diffedit.worker.session import Session

Make = Callable[..., Model]
PAGE = "import os\n\n\ndef f(x):\n    return x\n"
SPAN = Span(PAGE.index("def"), len(PAGE) - 1)
PYTHON = Checker(language="python", name="page.py")


def scripted(folder: Path, text: str, **repairs: str) -> Model:
    """A model that writes `text`, and for an instruction with a word in it another."""
    path = folder / "script.json"
    edits = [{"word": word, "text": repair} for word, repair in repairs.items()]
    path.write_text(json.dumps({"text": text, "edits": edits}))
    return Model(name="scripted", backend="scripted", path=str(path))


async def drafted(session: Session, model: Model, start: Start | None = None) -> None:
    """One run to its end."""
    wish: dict[str, Any] = {"instruction": "change it", "mode": "rewrite", "model": model}
    wish |= {"params": DenoiseParams(), "start": start}
    async for _ in session.rewrite(SPAN, **wish):
        pass


async def test_only_the_failing_line_is_denoised_again(client: Client, tmp_path: Path) -> None:
    """A bracket is missing: its line alone is asked for, told the error; then it parses."""
    session = Session(Document(PAGE), client)
    model = scripted(tmp_path, "def f(x):\n    y = (x\n    return y", mend="    y = x")
    await drafted(session, model)
    asked: list[Start] = []

    async def rework(start: Start) -> None:
        asked.append(start)
        await drafted(session, model, start)

    verdict = await mended(session, PYTHON, rework)
    assert (verdict.problems, verdict.rounds) == ((), 1)
    (start,) = asked
    assert [start.text[a:b] for a, b in start.free] == ["    y = (x"]
    assert "never closed" in start.wrong
    assert session.draft is not None
    assert session.draft.text == "def f(x):\n    y = x\n    return y"
    assert [link.kind for link in session.edit.links] == ["run", "repair"]
    assert str(session.document.text) == PAGE


async def test_mending_ends_after_three_rounds(client: Client, tmp_path: Path) -> None:
    """A model that never gets it right is asked three times, each of them kept to be seen."""
    session = Session(Document(PAGE), client)
    model = scripted(tmp_path, "def f(x):\n    y = (x", mend="    y = ((x")
    await drafted(session, model)
    verdict = await mended(session, PYTHON, lambda start: drafted(session, model, start))
    assert verdict.rounds == ROUNDS
    assert verdict.problems
    assert len(session.edit.links) == 1 + ROUNDS


async def test_what_was_wrong_before_is_not_the_draft_s_fault(
    client: Client, tmp_path: Path
) -> None:
    """A page with an error elsewhere is not mended for it."""
    session = Session(Document(PAGE + "def ("), client)
    await drafted(session, scripted(tmp_path, "def g(x):\n    return x"))
    verdict = await mended(session, PYTHON, lambda start: drafted(session, None, start))  # type: ignore[arg-type]
    assert (verdict.problems, verdict.rounds) == ((), 0)


def test_the_own_command_is_run_on_a_copy(tmp_path: Path) -> None:
    """Its lines name the places; the exit code decides; the file it sees has the right name."""
    script = tmp_path / "my check.py"
    script.write_text(
        "import sys, pathlib\np = pathlib.Path(sys.argv[1])\n"
        "bad = [n for n, t in enumerate(p.read_text().split(chr(10)), 1) if 'bad' in t]\n"
        "for n in bad: print(f'{p}:{n}:1: no {p.name}')\nsys.exit(bool(bad))\n"
    )
    command = f"{sys.executable} '{script}' {{file}}"
    checker = Checker(language="text", name="a.txt", command=command)
    assert [(p.row, p.message) for p in checker.problems("a\nbad\nb")] == [(1, "no a.txt")]
    assert checker.problems("good") == ()


def test_a_command_that_cannot_run_is_one_line() -> None:
    """Named, with the reason."""
    with pytest.raises(RequestError, match="no-such-check"):
        Checker(command="no-such-check {file}").problems("x")


async def test_a_text_that_nothing_can_check_says_what_to_do(client: Client) -> None:
    """Plain prose without an own command."""
    session = Session(Document("x"), client)
    with pytest.raises(RequestError, match="check ="):
        await mended(session, Checker(language="text"), lambda _: drafted(session, None))  # type: ignore[arg-type]


def test_a_project_can_set_no_command(tmp_path: Path, home: Path) -> None:
    """`check` comes from the person's own file; one that came with a repository is refused."""
    (tmp_path / ".git").mkdir()
    (tmp_path / ".diffedit.toml").write_text('check = "rm -rf {file}"\n')
    with pytest.raises(RequestError, match="cannot be set by a project"):
        settings.load(folder=tmp_path)
    (tmp_path / ".diffedit.toml").unlink()
    own = home / "config" / "settings.toml"
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text('check = "mypy {file}"\npins = ["comments"]\n')
    found = settings.load(folder=tmp_path)
    assert (found.check, found.pins) == ("mypy {file}", ("comments",))
