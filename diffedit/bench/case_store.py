"""All cases of a part: made from this Python's own library, the same ones every time, and kept."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from itertools import chain, zip_longest
from pathlib import Path

from diffedit.bench.case_pure import Pure, missable, pure_functions, with_calls
from diffedit.bench.quality_judge import judge
from diffedit.cases import edit as case_edit
from diffedit.cases import source as case_source
from diffedit.cases import style as case_style
from diffedit.cases.case import KINDS, Case, Kind, Part, case_of, number_of, part_of, told
from diffedit.cases.source import Function, Module, fingerprint
from diffedit.config import paths

MAKERS: dict[Kind, Callable[[Function], Case | None]] = {
    "repair": case_edit.repair,
    "rename": case_edit.rename,
    "add_hints": case_edit.add_hints,
    "remove_hints": case_edit.remove_hints,
    "add_docstring": case_edit.add_docstring,
    "remove_docstring": case_edit.remove_docstring,
    "with_statement": case_style.with_statement,
    "f_string": case_style.f_string,
    "comprehension": case_style.comprehension,
}

SCARCE: tuple[Kind, ...] = ("with_statement", "f_string", "comprehension")
"""Kinds that are found in few functions; long ones are welcome there."""

MOST: dict[Kind, int] = {"missing_line": 100, "repair": 40, "rename": 40}
MOST_OF_OTHERS = 30
MOST_OF_A_MODULE = 3
LINES_OF_A_FUNCTION = 3

Progress = Callable[[str], None]


def cases(part: Part, progress: Progress = lambda _: None) -> list[Case]:
    """The part's cases, kind by kind; from the cache where it has them."""
    path = paths.cache_dir() / "bench" / f"cases-{part}-{_digest()}.json"
    with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
        return [case_of(one) for one in json.loads(path.read_text(encoding="utf-8"))]
    made = build(part, list(case_source.modules()), progress)
    # A cache that cannot be written costs time, nothing else.
    with contextlib.suppress(OSError):
        _write(path, json.dumps([told(case) for case in made]))
    return made


def build(part: Part, modules: Sequence[Module], progress: Progress = lambda _: None) -> list[Case]:
    """The part's cases, made anew from these modules."""
    progress("reading the library")
    taken = case_source.elsewhere(modules, part)
    functions = case_source.functions(modules, part, taken)
    made = _missing_lines(part, modules, taken, progress)
    for kind, maker in MAKERS.items():
        progress(f"making cases: {kind}")
        made += _some(kind, maker, functions)
    return made


def chosen(found: Sequence[Case], kinds: Iterable[Kind], limit: int | None) -> list[Case]:
    """The cases of these kinds; at most `limit`, taken from all kinds in turn."""
    rows = [[case for case in found if case.kind == kind] for kind in KINDS if kind in set(kinds)]
    if limit is None:
        return list(chain.from_iterable(rows))
    keep = {case.name for case in _turns(rows)[:limit]}
    return [case for row in rows for case in row if case.name in keep]


def _some(
    kind: Kind, maker: Callable[[Function], Case | None], functions: Sequence[Function]
) -> Iterator[Case]:
    """As many cases of a kind as there are to be, from many modules, that the judge agrees on."""
    fit = [function for function in functions if function.small or kind in SCARCE]
    fit.sort(key=lambda one: number_of("order", kind, one.module, one.name))
    most, used = MOST.get(kind, MOST_OF_OTHERS), Counter[str]()
    for function in fit:
        if used.total() == most:
            return
        if used[function.module] == MOST_OF_A_MODULE:
            continue
        case = maker(function)
        if case is not None and judge(case, case.answer) == "solved":
            used[function.module] += 1
            yield case


def _missing_lines(
    part: Part, modules: Sequence[Module], taken: frozenset[str], progress: Progress
) -> list[Case]:
    """Lines that are gone from functions that can be run, a few of each."""
    progress("making cases: missing_line")
    found = {
        fingerprint(pure.node): pure
        for module in modules
        if part_of(module.name) == part
        for pure in pure_functions(module)
    }
    pures = [pure for mark, pure in found.items() if mark not in taken]
    pures.sort(key=lambda pure: number_of("order", "missing_line", pure.module, pure.name))
    rows = []
    # Each function is run in processes of its own; the threads only wait for them.
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        for number, row in enumerate(pool.map(_missing_lines_of, pures), 1):
            progress(f"making cases: missing_line, function {number} of {len(pures)}")
            rows.append(row)
    # One line of each function before a second one of any: a limit meets many functions.
    return _turns(rows)[: MOST["missing_line"]]


def _turns(rows: Sequence[Sequence[Case]]) -> list[Case]:
    """The first of each row, then the second of each, and so on."""
    return [case for turn in zip_longest(*rows) for case in turn if case is not None]


def _missing_lines_of(pure: Pure) -> list[Case]:
    called = with_calls(pure)
    if called is None:
        return []
    return [
        Case(
            name=f"missing_line/{pure.module}/{pure.name}/{number}",
            kind="missing_line",
            mode="infill",
            before=pure.page[:start],
            text="",
            after=pure.page[end:],
            instruction="",
            answer=pure.page[start:end],
            function=pure.name,
            calls=called.calls,
            expected=called.expected,
        )
        for number, (start, end) in enumerate(missable(called)[:LINES_OF_A_FUNCTION], 1)
    ]


# The cache -------------------------------------------------------------------------------------


def _digest() -> str:
    """What the cases depend on: this Python, and the code that makes and judges them."""
    mark = sha256(platform.python_version().encode())
    folder = Path(__file__).parent
    globs = ("case*.py", "quality*.py", "sandbox*.py", "../cases/*.py", "../engine/tree.py")
    for path in sorted(chain.from_iterable(map(folder.glob, globs))):
        mark.update(path.read_bytes())
    return mark.hexdigest()[:16]


def _write(path: Path, text: str) -> None:
    """Wholly or not at all; older ones of the same part go."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as part:
        part.write(text)
    Path(part.name).replace(path)
    for other in path.parent.glob(f"{path.stem.rpartition('-')[0]}-*.json"):
        if other != path:
            other.unlink(missing_ok=True)
