"""Is a draft sound? Parse it, ask ruff, ask the person's own command; then mend what fails.

The command comes from the person's own settings and nowhere else: a project that is opened must
never have anything run. Only what the draft has made worse counts.
"""

from __future__ import annotations

import ast
import asyncio
import json
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from diffedit.core.errors import RequestError
from diffedit.core.start import Start, repaired
from diffedit.worker.session import Session

ROUNDS = 3
"""How often the failing lines are denoised again, at most."""
PATIENCE_S = 30.0
"""How long a check may take."""
MOST = 200
"""Problems that are read from one check."""
_PLACE = re.compile(r"^(?:[^:\n]*?:)?(\d+)(?::\d+)?:\s*(.+)$")


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a line."""

    row: int
    """From 0."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """What a text is checked with."""

    language: str = ""
    name: str = "text"
    """The file's name, for tools that go by it."""
    command: str = ""
    """The person's own; `{file}` stands for a file with the text. Exit code 0 means sound."""

    @property
    def tools(self) -> tuple[str, ...]:
        """What there is to check with."""
        python = self.language.startswith("python")
        ruff = ("ruff",) if python and shutil.which("ruff") else ()
        own = (shlex.split(self.command)[0],) if self.command else ()
        return (*(("parse",) if python else ()), *ruff, *own)

    def problems(self, text: str) -> tuple[Problem, ...]:
        """What is wrong with a text. Raises RequestError where the own command cannot run."""
        found: list[Problem] = []
        if "parse" in self.tools:
            found += _parsed(text)
        if not found and "ruff" in self.tools:
            found += _ruff(text, self.name)
        if not found and self.command:
            found += _own(self.command, text, self.name)
        return tuple(found[:MOST])


def _parsed(text: str) -> Iterator[Problem]:
    try:
        ast.parse(text)
    except SyntaxError as error:
        yield Problem(max((error.lineno or 1) - 1, 0), error.msg)
    except (ValueError, RecursionError, MemoryError) as error:
        yield Problem(0, str(error))


def _ruff(text: str, name: str) -> Iterator[Problem]:
    """What ruff finds of errors: its rules F and E9. Style is no reason to think again."""
    words = ["ruff", "check", "--quiet", "--no-cache", "--isolated", "--select=F,E9"]
    words.append("--output-format=json")
    run = _run([*words, "--stdin-filename", name, "-"], text)
    try:
        found = json.loads(run.stdout or "[]")
        for item in found:
            code = item.get("code") or "error"
            yield Problem(int(item["location"]["row"]) - 1, f"{code} {item['message']}")
    except (ValueError, KeyError, TypeError, AttributeError):
        return


def _own(command: str, text: str, name: str) -> Iterator[Problem]:
    """What the person's own command says; a line that names none stands for the first."""
    with tempfile.TemporaryDirectory(prefix="diffedit-check-") as folder:
        path = Path(folder) / Path(name).name
        path.write_text(text, encoding="utf-8", errors="surrogateescape")
        words = [word.replace("{file}", str(path)) for word in shlex.split(command)]
        run = _run(words, text)
    if run.returncode == 0:
        return
    said = f"{run.stdout}\n{run.stderr}".replace(str(path), path.name).strip().split("\n")
    places = [match for line in said if (match := _PLACE.match(line.strip()))]
    for match in places:
        yield Problem(max(int(match[1]) - 1, 0), match[2])
    if not places:
        yield Problem(-1, said[-1] or f"exit code {run.returncode}")


def _run(words: list[str], text: str) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            input=text,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PATIENCE_S,
            check=False,
        )
    except OSError as error:
        raise RequestError(f"The check {words[0]!r} cannot be run: {error.strerror}.") from error
    except subprocess.TimeoutExpired as error:
        raise RequestError(f"The check {words[0]!r} took more than {PATIENCE_S:g} s.") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a check ended."""

    problems: tuple[Problem, ...]
    """What the draft still has that the text before it had not; rows count in the draft."""
    rounds: int
    """How often something was denoised again."""


async def mended(
    session: Session, checker: Checker, rework: Callable[[Start], Awaitable[object]]
) -> Verdict:
    """Check the draft under review; denoise the failing lines again, so often as it helps.

    `rework` makes a new link from a start, and is done when its run has ended; where it made
    none (the person pressed Esc, the model failed), the mending ends. Raises RequestError.
    """
    if not checker.tools:
        raise RequestError(
            "There is nothing to check this text with.",
            hint='Set check = "COMMAND {file}" in your settings.',
        )
    rounds = 0
    while True:
        problems = await asyncio.to_thread(_made_worse, session, checker)
        link = session.edit.link
        rows = sorted({problem.row for problem in problems if problem.row >= 0})
        if not problems or rounds == ROUNDS or link is None or not rows:
            return Verdict(problems=problems, rounds=rounds)
        told = "\n".join(f"line {problem.row + 1}: {problem.message}" for problem in problems[:5])
        start = repaired(link.draft.text, rows, told, link.pins, session.edit.at)
        count = len(session.edit.links)
        if not start.free:
            return Verdict(problems=problems, rounds=rounds)
        await rework(start)
        if len(session.edit.links) == count:
            return Verdict(problems=problems, rounds=rounds)
        rounds += 1


def _made_worse(session: Session, checker: Checker) -> tuple[Problem, ...]:
    """The draft's problems that the page has not; rows are the draft's own, -1 for elsewhere."""
    link = session.edit.link
    if link is None:
        return ()
    draft, text = link.draft, session.document.text
    page = str(text)
    known = {problem.message for problem in checker.problems(page)}
    before, after = page[: draft.span.start], page[draft.span.end :]
    first = before.count("\n")
    rows = range(first, first + draft.text.count("\n") + 1)
    return tuple(
        Problem(problem.row - first if problem.row in rows else -1, problem.message)
        for problem in checker.problems(before + draft.text + after)
        if problem.message not in known
    )
