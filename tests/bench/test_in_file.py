"""A missing line, shown in the file that its function stands in."""

from library import cases_of_library, library

from diffedit.bench.in_file import Files
from diffedit.cases.case import Case
from diffedit.cases.source import Module


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
