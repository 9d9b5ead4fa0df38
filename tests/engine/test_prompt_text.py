"""What goes round the span fits and is near; what comes back is code and stands as it did."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from diffedit.engine.prompt import (
    budget,
    extract_code,
    fence_closed,
    fit_to_span,
    looks_like_prose,
    own_words,
    told,
)

LINES = st.lists(st.text("ab \t", max_size=12), max_size=12).map("\n".join)


@given(before=LINES, after=LINES, limit=st.integers(0, 80))
def test_the_context_fits_and_is_the_nearest(before: str, after: str, limit: int) -> None:
    """Never more than the budget; what is kept stands right beside the span."""
    context = budget(before, after, limit=limit, count=len)
    assert len(context.before) + len(context.after) <= limit
    assert before.endswith(context.before)
    assert after.startswith(context.after)
    if len(before) + len(after) <= limit:
        assert (context.before, context.after) == (before, after)


def test_the_context_is_cut_at_line_ends() -> None:
    """Of ten lines on each side, the nearest whole lines are kept, more of those before."""
    before = "".join(f"before {number}\n" for number in range(10))
    after = "".join(f"after {number}\n" for number in range(10))
    context = budget(before, after, limit=60, count=len)
    assert context.before == "before 6\nbefore 7\nbefore 8\nbefore 9\n"
    assert context.after == "after 0\nafter 1\nafter 2\n"


def test_what_one_side_does_not_need_the_other_has() -> None:
    """A short side leaves its share."""
    long = "line\n" * 10
    assert budget(long, "x\n", limit=32, count=len).before == "line\n" * 6
    assert budget("x\n", long, limit=32, count=len).after == "line\n" * 6


def test_of_a_line_that_is_too_long_the_nearest_part_is_kept() -> None:
    """One line of a thousand characters still gives context."""
    context = budget("a" * 1000 + "b", "c" + "d" * 1000, limit=9, count=len)
    assert context.before == "aaaaab"
    assert context.after == "cdd"


CODE = "def f(x):\n    return x + 1"

ANSWERS = {
    "bare": CODE,
    "fenced": f"```python\n{CODE}\n```",
    "fenced with prose": f"Sure! Here is it:\n\n```python\n{CODE}\n```\n\nThis function adds one.",
    "fence without a language": f"```\n{CODE}\n```",
    "fence never closed": f"Here:\n```python\n{CODE}",
    "only the closing fence": f"{CODE}\n```\nThis code adds one to x.",
    "prose around": f"Here's the updated function:\n{CODE}\n\nThe function now adds one to x.",
    "a list after it": f"{CODE}\n\nChanges made:\n- Added a return.\n- Renamed the function.",
    "the instruction again": f"Add one\n\n{CODE}",
    "the instruction as a comment": f"# Instruction: add one.\n{CODE}",
    "the old text first": f"Before:\n```python\nold = 1\n```\nAfter:\n```python\n{CODE}\n```",
    "another language first": f"```bash\npip install x\n```\n```python\n{CODE}\n```",
    "tildes": f"~~~py\n{CODE}\n~~~",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS.keys())
def test_the_code_is_taken_out_of_an_answer(answer: str) -> None:
    """However it is wrapped, the same code comes out."""
    code = extract_code(answer, "python", instruction="Add one.", original="old = 1")
    assert code.rstrip("\n") == CODE


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "\n \n",
        "I have updated the function as you asked.",
        "Sure!\n\nThe function adds one to x and returns the result.",
        "```python\n```",
    ],
)
def test_only_prose_is_no_code(answer: str) -> None:
    """Nothing is better than a sentence in the middle of a program."""
    assert not extract_code(answer, "python", original="old = 1").strip()


def test_an_answer_inside_the_prompt_s_own_fence_ends_at_the_first() -> None:
    """Whatever follows the closing fence is dropped, code or not."""
    answer = f"{CODE}\n```\nNow run it:\n```bash\nx\n```"
    assert extract_code(answer, "python", opened=True) == CODE + "\n"
    assert fence_closed(answer)
    assert not fence_closed(CODE)


def test_prose_stays_in_a_language_of_prose() -> None:
    """A paragraph of Markdown is the text; a fence round all of it is not."""
    text = "The tool adds one.\n\n```sh\nrun\n```\n\nThat is all."
    assert extract_code(text, "markdown") == text
    assert extract_code("```markdown\nThe tool.\n```", "markdown") == "The tool.\n"
    assert extract_code("The tool adds one.", "") == "The tool adds one."


def test_prose_stays_where_the_span_is_prose() -> None:
    """Rewriting the sentence in a docstring gives a sentence."""
    assert (
        extract_code("Give back the sum of both.", "python", original="Return the sum of both.")
        == "Give back the sum of both."
    )


def test_indentation_at_the_start_of_the_code_survives() -> None:
    """Leading spaces are the code's, not the answer's."""
    assert extract_code("\n    x = 1\n    y = 2\n", "python") == "    x = 1\n    y = 2"


@pytest.mark.parametrize(
    ("line", "prose"),
    [
        ("This function adds one to x.", True),
        ("Here's the updated code:", True),
        ("Sure!", True),
        ("- Added type hints to all arguments.", True),
        ("Note that `x` may be None.", True),
        ("# Adds one to x.", False),
        ("changes.append(note, x)", False),
        ("note = 'Here it is.'", False),
        ("return x", False),
        ('Print.line("A b c d.")', False),
        ('"""Add one to the number."""', False),
        ("    Indented like a docstring line.", False),
        ("SELECT name FROM people;", False),
    ],
)
def test_what_reads_as_prose(line: str, prose: object) -> None:
    """A sentence does; code, comments and docstrings do not."""
    assert looks_like_prose(line) is prose


FITS = {
    "nothing to do": ("x = 1\n", "y = 2\n", "", "x = 1\n"),
    "indented": ("x\nif y:\n    z", "    a\n", "", "    x\n    if y:\n        z\n"),
    "dedented": ("        x\n            y\n", "    a\n    b", "", "    x\n        y"),
    "tabs": (
        "if x:\n    y\n    if z:\n        w",
        "\tif a:\n\t\tb",
        "",
        "\tif x:\n\t\ty\n\t\tif z:\n\t\t\tw",
    ),
    "blank edges": ("\n\nx\n\n\n", "\n  a\n\n", "", "\n  x\n\n"),
    "no final newline": ("x\n", "a", "", "x"),
    "first line alone is off": (
        "def f(self):\n        return 1\n        # end",
        "    def f(self):\n        return 0\n        # end\n",
        "",
        "    def f(self):\n        return 1\n        # end\n",
    ),
    "span after the indentation": (
        "if x:\n    y",
        "if a:\n        b",
        "z\n    ",
        "if x:\n        y",
    ),
    "span in the middle of a line": ("  f(x)", "g(y)", "z = ", "f(x)"),
    "blank lines stay blank": ("x\n\ny", "  a", "", "  x\n\n  y"),
    "a gap": ("x = 1\n", "", "", "x = 1"),
    "a blank line": ("    x = 1", "\n", "", "    x = 1\n"),
    "nothing": ("", "a\n", "", ""),
    "less than the first line": ("    x\n  y\nz", "  a", "", "  x\ny\nz"),
}


@pytest.mark.parametrize(("answer", "original", "before", "fitted"), FITS.values(), ids=FITS.keys())
def test_an_answer_is_fitted_to_the_span(
    answer: str, original: str, before: str, fitted: str
) -> None:
    """Its indentation, its blank edges and its final newline are the span's."""
    assert fit_to_span(answer, original, before=before) == fitted


@settings(max_examples=400)
@given(
    original=st.lists(st.text("ab \t", max_size=8), min_size=1, max_size=8)
    .map("\n".join)
    .filter(lambda text: text.strip(" \t\n")),
    before=st.sampled_from(["", "x\n", "x\n    ", "x\n\t", "x = "]),
)
@example(original="a\n a\n\t", before="")
@example(original=" a\n\ta", before="")
def test_the_span_s_own_text_fits_as_it_is(original: str, before: str) -> None:
    """Fitting what needs no fitting changes nothing."""
    assert fit_to_span(original, original, before=before) == original


@given(
    answer=st.lists(st.text("ab \t", max_size=8), max_size=8).map("\n".join),
    original=st.lists(st.text("ab \t", max_size=8), max_size=8).map("\n".join),
)
def test_a_fitted_answer_has_the_span_s_edges(answer: str, original: str) -> None:
    """The same final line ends; nothing but white space is added or lost."""
    fitted = fit_to_span(answer, original)
    assert "".join(fitted.split()) == "".join(answer.split())
    if answer.strip() and original.strip():
        ends = [len(text) - len(text.rstrip("\n")) for text in (fitted, original)]
        assert ends[0] == ends[1]


def test_an_answer_that_repeats_what_is_wrong_is_none() -> None:
    """From its first letters on; what only has such words in it is an answer."""
    own = own_words(told("use sum", ("result",), "line 4: F821 Undefined `result`"))
    assert own is not None
    assert [own(text) for text in ("", "line 4: F8", "  line 4: F821 Undefined `sum`\nx")] == [
        True,
        False,
        False,
    ]
    assert own("lines = 4")
    assert own("result")
    assert own("x = 1\nline 4: F821")
    assert own_words("use sum") is None
