"""How cases are made from functions: what is selected, and what is wanted."""

import pytest
from library import EDITS, functions_of

from diffedit.bench.case_store import MAKERS
from diffedit.bench.quality_judge import judge
from diffedit.cases import edit as case_edit
from diffedit.cases import style as case_style
from diffedit.cases.case import Case
from diffedit.cases.source import Function
from diffedit.engine.tree import parse

FUNCTIONS = functions_of(EDITS)
CASES = [case for maker in MAKERS.values() for f in FUNCTIONS.values() if (case := maker(f))]


def made(case: Case | None) -> Case:
    """The case, which is there."""
    assert case is not None
    return case


def lines(text: str) -> list[str]:
    """The text's lines without their indent."""
    return [line.strip() for line in text.split("\n")]


def test_a_function_stands_on_a_page_of_its_own() -> None:
    """A method keeps its indent and its class; a function has the statements around it."""
    method, function = FUNCTIONS["Reader.first_line"], FUNCTIONS["clip"]
    assert method.before == "class Reader:\n"
    assert method.text.startswith("    def first_line(self")
    assert method.text.endswith("rstrip(os.linesep)")
    assert function.before == "import os\n\n\n"
    assert all(parse(f.page) is not None for f in FUNCTIONS.values())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_case_is_right_about_its_answer(case: Case) -> None:
    """The judge calls the answer solved and the text as it stands no change."""
    assert judge(case, case.answer) == "solved"
    assert judge(case, case.text) == "no_change"


def test_every_kind_is_made() -> None:
    """The small library has a case of each kind that edits."""
    assert {case.kind for case in CASES} == set(MAKERS)


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=lambda f: f.name)
def test_repair_breaks_one_place(function: Function) -> None:
    """The text to repair does not parse, and differs from the function by one sign."""
    case = made(case_edit.repair(function))
    assert parse(case.page(case.text)) is None
    assert abs(len(case.text) - len(case.answer)) == 1
    first, last = case.region
    assert lines(case.text)[:first] == lines(case.answer)[:first]
    assert lines(case.text)[last:] == lines(case.answer)[last:]


def test_a_renamed_name_is_gone() -> None:
    """Every place of the name changes, and the new one was free."""
    case = made(case_edit.rename(FUNCTIONS["squares"]))
    assert f"{case.old} to {case.new}" in case.instruction
    assert case.old not in case.answer.split('"""')[2]
    assert case.new not in case.text


def test_a_name_that_is_spoken_of_elsewhere_is_left_alone() -> None:
    """`line` is a word of the docstring, too: renaming it has no one right answer."""
    source = 'def f(line):\n    """Of a line."""\n    line = line + line\n    return line\n'
    assert case_edit.rename(functions_of(source)["f"]) is None


def test_hints_go_where_they_belong() -> None:
    """Parameters, defaults and the result get their hints; self gets none."""
    case = made(case_edit.add_hints(FUNCTIONS["clip"]))
    assert 'def clip(text: str, width: int, mark: str = "...") -> object:' in case.answer
    case = made(case_edit.remove_hints(FUNCTIONS["Reader.told"]))
    assert "def told(self, name: str, number: object) -> object:" in case.text
    assert case.answer == FUNCTIONS["Reader.told"].text


def test_a_docstring_is_taken_out_whole() -> None:
    """Its lines go, the comment after it stays."""
    case = made(case_edit.remove_docstring(FUNCTIONS["squares"]))
    assert lines(case.answer)[1] == "found = []"
    # A comment right after the docstring could be taken for a part of it.
    assert case_edit.remove_docstring(FUNCTIONS["clip"]) is None


def test_a_with_is_written_out() -> None:
    """The file is opened, used in a try, and closed in the end."""
    case = made(case_style.with_statement(FUNCTIONS["Reader.first_line"]))
    assert lines(case.text)[2:8] == [
        "file = open(path, encoding=encoding)",
        "try:",
        "line = file.readline()",
        "file.seek(0)",
        "finally:",
        "file.close()",
    ]
    assert case.region == (2, 8)


def test_a_percent_becomes_an_f_string() -> None:
    """The fields stand in the text."""
    case = made(case_style.f_string(FUNCTIONS["Reader.told"]))
    assert 'line = f"{name} has {number}"' in case.answer


def test_a_loop_becomes_a_comprehension_and_back() -> None:
    """A loop that gathers is asked for as a comprehension; a comprehension is written out."""
    case = made(case_style.comprehension(FUNCTIONS["squares"]))
    assert "found = [one * one for one in numbers if one < limit]" in case.answer
    case = made(case_style.comprehension(FUNCTIONS["names_of"]))
    assert lines(case.text)[2:6] == [
        "by_age = {}",
        "for person in people:",
        "if person.name:",
        "by_age[person.age] = person.name",
    ]
