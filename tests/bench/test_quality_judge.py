"""The judge: for each kind, what is solved and in which ways an answer is not."""

import pytest
from library import functions_of

from diffedit.bench.quality_judge import behaves, judge
from diffedit.cases import edit as case_edit
from diffedit.cases import style as case_style
from diffedit.cases.case import Case, Kind
from diffedit.cases.source import Function

PLAIN = functions_of('''
def total(prices, rate=2):
    """What they cost, taxed."""
    # taxes come last
    result = sum(prices)
    result = result * rate
    return result
''')["total"]


def case(kind: Kind, text: str, answer: str, **more: object) -> Case:
    """A case on a page of its own."""
    told = {"name": "a case", "before": "", "after": "\n", "instruction": "do it", **more}
    return Case(kind=kind, text=text, answer=answer, function="f", **told)  # type: ignore[arg-type]


def made(found: Case | None) -> Case:
    """The case, which is there."""
    assert found is not None
    return found


def swapped(text: str, old: str, new: str) -> str:
    """The text with something else in it, which was there."""
    assert old in text
    return text.replace(old, new)


def test_repair() -> None:
    """Only the original's tree will do; another line touched is outside the ask."""
    asked = case(
        "repair",
        "def f(x:\n    y = x\n    return y",
        "def f(x):\n    y = x\n    return y",
        region=(0, 1),
    )
    assert judge(asked, asked.text) == "no_change"
    assert judge(asked, "def f(x) :\n    y = x\n    return (y)") == "solved"
    assert judge(asked, "def f(x:\n    return y") == "broken"
    assert judge(asked, "def f(x, y):\n    y = x\n    return y") == "wrong"
    assert judge(asked, "def f(x):\n    y = x\n    return x") == "outside"


def test_rename() -> None:
    """Every place must be renamed; anything else that changes is outside the ask."""
    asked = made(case_edit.rename(PLAIN))
    old, new = asked.old, asked.new
    assert judge(asked, asked.answer) == "solved"
    assert judge(asked, asked.answer.replace(f"return {new}", f"return {old}")) != "solved"
    half = asked.text.replace(old, new, 1)
    assert judge(asked, half) == "wrong"
    assert judge(asked, swapped(asked.answer, "taxed", "untaxed")) == "outside"
    assert judge(asked, swapped(asked.answer, "    # taxes come last\n", "")) == "outside"


@pytest.mark.parametrize(
    ("signature", "verdict"),
    [
        ("prices: list[float], rate: float = 2) -> float", "solved"),
        ("prices: Iterable[int], rate: 'int' = 2) -> Any", "solved"),
        ("prices, rate: int = 2) -> int", "wrong"),
        ("prices: list, rate: int = 2)", "wrong"),
        ("prices: Prices, rate: int = 2) -> int", "wrong"),
        ("prices: list, rate: str = 2) -> int", "wrong"),
        ("prices: list, rate: int = 3) -> int", "outside"),
        ("prices: list, rate: int = 2) -> int -> int", "broken"),
        ("prices, rate=2 )", "no_change"),
    ],
)
def test_add_hints(signature: str, verdict: str) -> None:
    """All hints, of types there are, at odds with no default; and nothing else."""
    asked = made(case_edit.add_hints(PLAIN))
    assert judge(asked, swapped(asked.text, "prices, rate=2)", signature)) == verdict


def test_remove_hints() -> None:
    """All of them must go, and nothing else."""
    asked = made(case_edit.remove_hints(PLAIN))
    assert judge(asked, swapped(asked.text, " -> object", "")) == "wrong"
    assert judge(asked, swapped(asked.answer, "sum(", "max(")) == "outside"


@pytest.mark.parametrize(
    ("docstring", "verdict"),
    [
        ('    """Add them up."""\n', "solved"),
        ('    """Add."""\n', "wrong"),
        ("    # Add them up.\n", "no_change"),
        ('    """Add them up.\n', "broken"),
        ('    """Add them up."""\n    rate = 2\n', "outside"),
    ],
)
def test_add_docstring(docstring: str, verdict: str) -> None:
    """A docstring of some words, and nothing else."""
    asked = made(case_edit.add_docstring(functions_of(BARE)["total"]))
    head, _, body = asked.text.partition("\n")
    assert judge(asked, f"{head}\n{docstring}{body}") == verdict


BARE = '''
def total(prices):
    """What they cost, taxed."""
    result = sum(prices)
    return result
'''


def test_remove_docstring() -> None:
    """It must be gone; another one in its place is wrong, less of the rest is outside."""
    asked = made(case_edit.remove_docstring(functions_of(BARE)["total"]))
    assert judge(asked, swapped(asked.text, "taxed", "untaxed")) == "wrong"
    assert judge(asked, swapped(asked.answer, "sum(", "max(")) == "outside"


OPENED = """
def load(path, size):
    with open(path) as file:
        head = file.read(size)
        tail = file.read()
    return head, tail
"""


HEAD = "    with open(path) as file:\n        head = file.read(size)\n"
TAIL = "tail = file.read()\n"


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (f"{HEAD}        {TAIL}        return head, tail", "solved"),
        (f"{HEAD}        {TAIL}    return head, tail", "solved"),
        (f"{HEAD}    {TAIL}    return head, tail", "wrong"),
        (f"{HEAD}        {TAIL}        file.close()\n    return head, tail", "wrong"),
        (f"{HEAD}        {TAIL}    return tail, head", "outside"),
    ],
)
def test_with_statement(body: str, verdict: str) -> None:
    """What does not need the file may stand inside or after; the reads may not."""
    asked = made(case_style.with_statement(functions_of(OPENED)["load"]))
    assert "file.close()" in asked.text
    assert judge(asked, f"def load(path, size):\n{body}") == verdict


def percent(line: str) -> Function:
    """A function that says something."""
    return functions_of(f"def say(a, b):\n    text = {line}\n    return text\n")["say"]


@pytest.mark.parametrize(
    ("asked", "answer", "verdict"),
    [
        ("'%s: %r' % (a, b)", "f'{a}: {b!r}'", "solved"),
        ("'%s: %r' % (a, b)", "f'{str(a)}: {repr(b)}'", "solved"),
        ("'%d%%' % a", "f'{a}%'", "solved"),
        ("'%d%%' % a", "f'{a:d}%'", "solved"),
        ("'{%s}' % a", "f'{{{a}}}'", "solved"),
        ("'%s: %s' % (a, b)", "'{}: {}'.format(a, b)", "wrong"),
        ("'%s: %s' % (a, b)", "f'{b}: {a}'", "wrong"),
        ("'%s: %s' % (a, b)", "f'{a}: {b}' + ''", "wrong"),
        ("'%s: %s' % (a, b)", "f'{a}: {b}", "broken"),
    ],
)
def test_f_string(asked: str, answer: str, verdict: str) -> None:
    """The same parts in the same order, said with an f-string."""
    found = made(case_style.f_string(percent(asked)))
    assert judge(found, swapped(found.text, asked, answer)) == verdict


LOOP = """
def odd(numbers):
    found = []
    for one in numbers:
        if one % 2 and one > 0:
            found.append(one)
    return found
"""


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        ("    found = [one for one in numbers if one % 2 and one > 0]\n    return found", "solved"),
        ("    return [n for n in numbers if n % 2 if n > 0]", "solved"),
        ("    return list(n for n in numbers if n % 2 and n > 0)", "solved"),
        ("    return [n for n in numbers if n % 2]", "wrong"),
        ("    return {n for n in numbers if n % 2 and n > 0}", "wrong"),
        (LOOP.partition(":\n")[2].rstrip().replace("found", "kept"), "wrong"),
    ],
)
def test_comprehension(body: str, verdict: str) -> None:
    """Any comprehension that gathers the same, under any name."""
    asked = made(case_style.comprehension(functions_of(LOOP)["odd"]))
    assert judge(asked, f"def odd(numbers):\n{body}") == verdict


MISSING = case(
    "missing_line",
    "",
    "total += one",
    mode="infill",
    before="def f(items):\n    total = 0\n    for one in items:\n        ",
    after="\n    return total\n",
    calls=("([1, 2],)", "([5],)", "([],)"),
    expected=("3", "5", "0"),
)


@pytest.mark.parametrize(
    ("line", "verdict"),
    [
        ("total += one", "solved"),
        ("total = one + total  # the same in other words", "solved"),
        ("total += items.pop()", "wrong"),
        ("total += 1", "wrong"),
        ("while True: pass", "wrong"),
        ("    total += one", "solved"),
        ("total +=", "broken"),
        ("", "no_change"),
    ],
)
def test_missing_line(line: str, verdict: str) -> None:
    """What counts is what the function does, its arguments included; not how it is written."""
    assert judge(MISSING, line) == verdict


def test_a_function_that_cannot_be_run_behaves_otherwise() -> None:
    """Code that the sandbox has to end solves nothing."""
    stubborn = "try:\n            while True: pass\n        except BaseException: pass"
    assert not behaves(MISSING, stubborn)


def test_what_no_parser_takes_is_broken() -> None:
    """Depth, length and null bytes are no answer, and no crash."""
    for text in ("(" * 5000, "x = 1\n" * 20_000, "x = '\0'"):
        assert judge(MISSING, text) == "broken"
