"""The sandbox: it says what code does, and lets it do no harm."""

from pathlib import Path

import pytest

from diffedit.bench import sandbox
from diffedit.bench.sandbox import Limits, SandboxError

QUICK = Limits(call_s=0.2, cpu_s=2, wall_s=10.0)


def given(body: str, call: str = "(1,)") -> str:
    """What `def f(x): return <body>` gives."""
    return sandbox.run([f"def f(x):\n    return {body}\n"], "f", [call], limits=QUICK)[0][0]


@pytest.mark.parametrize(
    ("body", "call", "shown"),
    [
        ("x + 1", "(1,)", "2"),
        ("x.append(4)", "([3],)", "None <- tuple[list[3, 4]]"),
        ("{c for c in x}", "('ba',)", "set{'a', 'b'}"),
        ("(i * i for i in x)", "((1, 2),)", "iterator[1, 4]"),
        ("dict(b=x, a=None)", "(1.5,)", "dict{'b': 1.5, 'a': None}"),
        ("x / 0", "(1,)", "raises ZeroDivisionError"),
        ("object()", "(1,)", "raises TooBigError"),
        ("range(10**9).__iter__()", "(1,)", "raises TooBigError"),
    ],
)
def test_a_call_is_told_in_full(body: str, call: str, shown: str) -> None:
    """A result is told with the arguments where the call changed them; an error by its name."""
    assert given(body, call) == shown


def test_each_source_is_answered_by_itself() -> None:
    """A source that cannot be read, or lacks the function, has no answers; the others have."""
    sources = ["def f(x): return x", "def f(x) return x", "def g(x): return x", "1 / 0"]
    assert sandbox.run(sources, "f", ["(1,)", "(2,)"]) == [
        ["1", "2"],
        [],
        [],
        [],
    ]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("open('/etc/passwd').read()", "PermissionError"),
        ("__import__('socket').socket()", "PermissionError"),
        ("__import__('ctypes')", "PermissionError"),
        ("__import__('subprocess')", "PermissionError"),
        ("__import__('importlib')", "PermissionError"),
        ("__import__('os').listdir('/')", "AttributeError"),
        ("__import__('os').fork()", "AttributeError"),
        ("__import__('posix').kill(1, 9)", "AttributeError"),
        ("__import__('os')._exit(0)", "AttributeError"),
        ("[0] * 10**10", "MemoryError"),
        ("sum(1 for _ in iter(int, 1))", "OutOfTimeError"),
        ("f(x)", "RecursionError"),
        ("exit()", "NameError"),
        ("__import__('sys').exit()", "SystemExit"),
        ("input()", "PermissionError"),
    ],
)
def test_harm_is_refused(body: str, error: str) -> None:
    """Files, sockets, processes, memory, time: each attempt is an error inside the sandbox."""
    assert given(body) == f"raises {error}"


def test_what_could_lift_a_limit_is_out_of_reach() -> None:
    """The modules that set limits, timers and processes are not there to be found."""
    source = (
        "import collections\n"
        "def f(names):\n"
        "    return [name for name in names if name in collections._sys.modules]\n"
    )
    call = "(['resource', 'signal', '_signal', 'gc', 'subprocess', 'collections'],)"
    assert sandbox.run([source], "f", [call])[0][0] == "list['collections']"


def test_nothing_of_ours_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment is empty, and what code prints goes nowhere."""
    monkeypatch.setenv("SECRET_OF_OURS", "1")
    assert given("'SECRET_OF_OURS' in __import__('os').environ") == "False"
    assert given("print('{}')") == "None"


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder that the process ran in is gone, and nothing was written anywhere else."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    given("open('here', 'w')")
    assert list(tmp_path.iterdir()) == []


STUBBORN = """
def f(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass
"""


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        (Limits(call_s=0.05, cpu_s=1, wall_s=20.0), "gave no answer"),
        (Limits(call_s=0.05, cpu_s=20, wall_s=0.5), "out of time"),
    ],
)
def test_a_process_that_will_not_stop_is_ended(limits: Limits, said: str) -> None:
    """Code that swallows its own time limit dies by the process's limit, of either clock."""
    with pytest.raises(SandboxError, match=said):
        sandbox.run([STUBBORN], "f", ["(1,)"], limits=limits)


def test_a_flood_is_cut() -> None:
    """A process that says more than it may is ended."""
    with pytest.raises(SandboxError, match="too much"):
        sandbox.run(["def f(x): return 'y' * x"], "f", ["(1000,)"], limits=Limits(answer=100))


def test_exploring_finds_calls_that_return() -> None:
    """Calls come with their results and lines; those that raise are not among them."""
    source = "def f(x):\n    if x > 2:\n        return 'big'\n    return 1 // x\n"
    kinds = {"int": ("0", "1", "5"), "word": ("'a'",)}
    found = sandbox.explore(source, "f", kinds=kinds, counts=[1], calls=["(3,)"], tries=20)
    by_call = {one.call: (one.result.split()[0], one.lines) for one in found}
    assert by_call == {
        "(3,)": ("'big'", (2, 3)),
        "(1, )": ("1", (2, 4)),
        "(5, )": ("'big'", (2, 3)),
    }
    assert found == sandbox.explore(source, "f", kinds=kinds, counts=[1], calls=["(3,)"], tries=20)
