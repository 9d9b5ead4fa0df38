"""`diffedit bench quality`, whole: an oracle solves everything, an echo nothing."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from library import cases_of_library, library

from diffedit.bench import case_store, quality
from diffedit.bench.in_file import Files
from diffedit.bench.quality import Setup
from diffedit.bench.quality_judge import Verdict
from diffedit.bench.quality_table import Result, by_group, by_kind, table
from diffedit.cases import source as case_source
from diffedit.cases.case import KINDS, Case
from diffedit.cases.source import Module
from diffedit.config import models
from diffedit.config.models import Model
from diffedit.core.errors import BackendError, ModelError, RequestError
from diffedit.engine.params import DenoiseParams


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """Two cases of each kind, from the small library."""
    return case_store.chosen(cases_of_library(), KINDS, 2 * len(KINDS))


@pytest.fixture
def oracle(home: Path, cases: list[Case], tmp_path: Path) -> Callable[..., Model]:
    """The oracle, installed as a plugin, with the answers to the cases before others."""
    folder = home / "config" / "plugins" / "oracle"
    source = Path(__file__).parent / "oracle"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("__pycache__"))
    path = tmp_path / "answers.json"

    ways = (Files(), Files(library()))
    shown = [(case, files.sides(case)) for files in ways for case in cases]

    def make(first: tuple[str, ...] = (), **options: str) -> Model:
        answers = {
            json.dumps([before, case.text, after, case.instruction]): [*first, case.answer]
            for case, (before, after) in shown
        }
        path.write_text(json.dumps(answers), encoding="utf-8")
        return Model(name="oracle", backend="oracle", path=str(path), options=options)

    return make


async def scored(cases: list[Case], model: Model) -> list[Result]:
    """How the model does."""
    results: list[Result] = []
    ran = await quality.measure(cases, Setup(model=model, params=DenoiseParams()), results)
    assert ran == {"model": "oracle", "backend": "oracle", "device": "cpu"}
    return results


async def test_an_oracle_solves_everything(cases: list[Case], oracle: Callable[..., Model]) -> None:
    """Who knows every answer scores 100 % in every kind, with its steps counted."""
    figures = by_kind(await scored(cases, oracle()))
    assert set(figures) == set(KINDS)
    for found in figures.values():
        assert found["solved"] == found["cases"] == found["solved_by_any"] > 0
        assert (found["steps"], found["tokens_per_step"]) == (1.0, 8.0)


async def test_an_echo_changes_nothing(cases: list[Case], oracle: Callable[..., Model]) -> None:
    """Who says what was there scores no change, in every kind."""
    results = await scored(cases, oracle(say="echo"))
    assert {result.verdict for result in results} == {"no_change"}
    assert not any(result.solved_by_any for result in results)


async def test_an_alternative_counts_by_itself(
    cases: list[Case], oracle: Callable[..., Model]
) -> None:
    """A right answer in the second place is not solved, but one that any would solve."""
    results = await scored(cases[:4], oracle(first=("def (",)))
    assert {result.verdict for result in results} == {"broken"}
    assert all(result.solved_by_any for result in results)


async def test_a_model_that_does_not_run_has_no_score(
    cases: list[Case], oracle: Callable[..., Model]
) -> None:
    """Failures in a row end it, and the error says what the model said."""
    results: list[Result] = []
    setup = Setup(model=oracle(say="fail"), params=DenoiseParams())
    with pytest.raises(BackendError, match="The oracle is silent"):
        await quality.measure(cases, setup, results)
    assert [result.verdict for result in results] == ["failed"] * quality.MOST_FAILURES


@pytest.fixture
def small_library(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """The command reads the small library in the place of the large one; its cases are made."""
    monkeypatch.setattr(case_source, "modules", library)
    monkeypatch.setattr(case_store, "build", lambda *_: cases_of_library())


@pytest.mark.usefixtures("small_library")
def test_the_command_tells_in_json(
    oracle: Callable[..., Model],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """One object: what ran, figures by kind and group, and every answer; nothing on stderr."""
    path = oracle().path
    assert (
        quality.main(["--model", f"oracle:{path}", "--limit", "20", "--seed", "7", "--json"]) == 0
    )
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert printed.err == ""
    assert (told["part"], told["seed"], told["asked"], told["backend"]) == ("test", 7, 20, "oracle")
    assert told["groups"]["all"]["solved"] == len(told["results"]) == 20
    assert told["kinds"]["rename"]["cases"] == 2
    assert all(result["answer"] and result["verdict"] == "solved" for result in told["results"])


@pytest.mark.usefixtures("small_library")
def test_the_command_prints_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for each kind that was asked for, one for its group, one for all."""
    assert quality.main(["--model", "null", "--kinds", "rename,repair", "--limit", "4"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    assert [row[0] for row in rows[2:6]] == ["repair", "rename", "mechanical", "all"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--kinds", "rename,sing"], "No kind of edit is named sing"),
        (["--kinds", ","], "No kind of edit"),
        (["--limit", "0"], "--limit must be"),
        (["--limit", "many"], "invalid int value"),
        (["--part", "train"], "invalid choice"),
        (["--seed", "-1", "--model", "null"], "seed must be"),
    ],
)
def test_a_wrong_word_is_told_in_a_line(words: list[str], said: str) -> None:
    """What cannot be done is refused before anything is made or loaded."""
    with pytest.raises(RequestError, match=said):
        quality.main(words)


def test_a_model_must_be_there() -> None:
    """An unknown model, or one that is not installed, is told of at once."""
    assert not models.find("small").installed
    with pytest.raises(ModelError, match="pull small"):
        quality.main(["--model", "small"])
    with pytest.raises(ModelError, match="No model named"):
        quality.main(["--model", "smal"])


def test_the_table_adds_up(cases: list[Case]) -> None:
    """Shares are of the row's cases; means are of the row's results."""
    verdicts: tuple[Verdict, ...] = ("solved", "solved", "broken", "wrong")
    results = [
        Result(case=case, verdict=verdict, solved_by_any=True, steps=2 * number, seconds=1.0)
        for number, (case, verdict) in enumerate(zip(cases, verdicts, strict=False))
    ]
    figures = by_group(results)["all"]
    assert (figures["solved"], figures["broken"], figures["outside"]) == (2, 1, 0)
    assert (figures["steps"], figures["seconds"]) == (3.0, 1.0)
    last = [line for line in table(results).splitlines() if line.startswith("all")]
    assert last[0].split()[:4] == ["all", "4", "2", "50%"]
    assert all(len(line) <= 100 for line in table(results).splitlines())


# In their files --------------------------------------------------------------------------------


def missing() -> list[Case]:
    """The small library's missing lines."""
    return [case for case in cases_of_library() if case.kind == "missing_line"]


def test_both_sides_and_the_line_make_the_file() -> None:
    """Nothing of the file is lost or told twice, and the line is not told at all."""
    texts = {module.name: module.text for module in library()}
    files = Files(library())
    assert missing()
    for case in missing():
        before, after = files.sides(case)
        assert before + case.answer + after == texts[case.name.split("/")[1]]
        assert len(before + after) >= len(case.before + case.after)


def test_without_its_file_a_case_is_its_page() -> None:
    """No files; a file of that name with another function; a file that does not parse."""
    case = missing()[0]
    module = case.name.split("/")[1]
    other = f"def {case.function}(a):\n    return a\n"
    for files in (Files(), Files([Module(module, other)]), Files([Module(module, "def (")])):
        assert files.sides(case) == (case.before, case.after)


def test_other_edits_have_their_surroundings_already() -> None:
    """Their pages are cut out of the file."""
    files = Files(library())
    for case in cases_of_library():
        if case.kind != "missing_line":
            assert files.sides(case) == (case.before, case.after)
