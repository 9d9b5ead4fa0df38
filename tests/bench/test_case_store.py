"""All cases of a part: the same every time, from this part's files alone, kept in the cache."""

import json
from itertools import takewhile
from pathlib import Path

import pytest
from library import EDITS, RUNS, cases_of_library, functions_of, library, name_in, written

from diffedit.bench import case_store
from diffedit.bench.case_pure import pure_functions
from diffedit.cases import source as case_source
from diffedit.cases.case import KINDS, PARTS, Case, case_of, part_of, told
from diffedit.cases.source import Module
from diffedit.config import paths


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    """The cases of the small library's test part."""
    return cases_of_library()


def test_every_kind_is_there(cases: list[Case]) -> None:
    """The small library gives at least one case of each kind, each with a name of its own."""
    assert {case.kind for case in cases} == set(KINDS)
    assert len({case.name for case in cases}) == len(cases)


def test_the_same_library_gives_the_same_cases(cases: list[Case]) -> None:
    """Nothing is left to chance."""
    assert case_store.build("test", library()) == cases


def test_no_case_is_from_another_part(cases: list[Case]) -> None:
    """A module's name alone says which part it is in, and a part takes from its own modules."""
    assert {part_of(case.name.split("/")[1]) for case in cases} == {"test"}
    parts = [part_of(f"module{number}") for number in range(1000)]
    shares = {part: parts.count(part) / 1000 for part in PARTS}
    assert 0.4 < shares["train"] < 0.5
    assert 0.35 < shares["test"] < 0.45


def test_a_copy_of_training_code_is_no_test(cases: list[Case]) -> None:
    """A function that stands in a training module, too, under whatever name, is left out."""
    assert any("/squares" in case.name for case in cases)
    copy = EDITS[EDITS.index("def squares") : EDITS.index("def names_of")]
    modules = library(copy.replace("def squares", "def powers"))
    again = case_store.build("test", [module for module in modules if module.text != RUNS])
    assert not any("/squares" in case.name for case in again)
    assert any("/clip" in case.name for case in again)


def test_a_missing_line_is_missed(cases: list[Case]) -> None:
    """Its calls reach it, and what it needs stands before it on the page."""
    missing = [case for case in cases if case.kind == "missing_line"]
    assert {case.function for case in missing} == {
        "count_vowels",
        "rotate",
        "caps",
        "clip",
        "squares",
    }
    counted = next(case for case in missing if case.function == "count_vowels")
    assert counted.before.startswith('VOWELS = "aeiou"\n\n\ndef is_vowel(letter):')
    assert "('banana',)" in counted.calls
    assert len(set(counted.expected)) >= 3


def test_what_touches_the_world_is_not_run() -> None:
    """A function that opens a file, or imports what may not be imported, is not among the pure."""
    extra = "import os\n\n\ndef here(x):\n    y = os.getcwd()\n    z = x\n    return y + z\n"
    names = [pure.name for pure in pure_functions(Module("m", extra))]
    assert names == []
    names = [pure.name for module in library() for pure in pure_functions(module)]
    assert "looks" not in names
    assert "rotate" in names


def test_cases_go_through_json(cases: list[Case]) -> None:
    """A case read back is the case; one with other fields is refused."""
    kept = [case_of(json.loads(json.dumps(told(case)))) for case in cases]
    assert kept == cases
    with pytest.raises(TypeError):
        case_of({"name": "half a case"})


def test_a_limit_takes_from_all_kinds(cases: list[Case]) -> None:
    """A few cases of every kind, not all cases of one."""
    few = case_store.chosen(cases, KINDS, len(KINDS))
    assert [case.kind for case in few] == list(KINDS)
    assert case_store.chosen(cases, KINDS, None) == sorted(
        cases, key=lambda case: KINDS.index(case.kind)
    )
    assert {case.kind for case in case_store.chosen(cases, ["rename"], 50)} == {"rename"}


def test_cases_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are made once; a damaged cache is made anew, and old ones go."""
    methods = EDITS[EDITS.index("class Reader") : EDITS.index("def squares")]
    few = [Module(name_in("test"), f"import os\n\n\n{methods}")]  # nothing that is to be run
    root = written(tmp_path, few)
    made = []
    real = case_source.modules

    def counted(where: Path = root) -> list[Module]:
        made.append(where)
        return list(real(where))

    monkeypatch.setattr(case_source, "modules", counted)
    folder = paths.cache_dir() / "bench"
    folder.mkdir(parents=True)
    (folder / "cases-test-0123.json").write_text("[]", encoding="utf-8")
    first = case_store.cases("test")
    assert first == case_store.build("test", few)
    assert len(first) > 2
    assert case_store.cases("test") == first
    assert len(made) == 1
    (kept,) = folder.iterdir()
    kept.write_text('[{"half": 1', encoding="utf-8")
    assert case_store.cases("test") == first
    assert len(made) == 2


def test_modules_are_read_as_files(tmp_path: Path) -> None:
    """Folders make dotted names; tests, tables and what is not plain text are passed by."""
    (tmp_path / "pack" / "test").mkdir(parents=True)
    (tmp_path / "site-packages").mkdir()
    for name in ("one.py", "pack/__init__.py", "pack/two.py", "pack/test/three.py"):
        (tmp_path / name).write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "site-packages" / "four.py").write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "five.py").write_text("x = 'é'\n", encoding="utf-8")
    (tmp_path / "six.py").write_bytes(b"\xff\xfe")
    assert [module.name for module in case_source.modules(tmp_path)] == ["one", "pack", "pack.two"]


def test_the_installed_library_has_plenty() -> None:
    """A slice of the real standard library gives functions of the test part, on sound pages."""
    part = list(takewhile(lambda module: module.name < "c", case_source.modules()))
    found = case_source.functions(part, "test", case_source.elsewhere(part, "test"))
    assert len(found) > 20
    assert all(part_of(function.module) == "test" for function in found)
    assert all(function.page.isascii() for function in found)


def test_a_name_can_be_found_for_each_part() -> None:
    """The helpers of these tests do what they say."""
    assert [part_of(name_in(part)) for part in PARTS] == list(PARTS)
    assert set(functions_of("def f(x):\n    y = x\n    return y\n")) == {"f"}
