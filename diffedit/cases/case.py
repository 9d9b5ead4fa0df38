"""A case: one edit on real code whose answer can be checked, and the part it belongs to."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal, get_args

from diffedit.engine.task import Mode

Kind = Literal[
    "missing_line",
    "repair",
    "rename",
    "add_hints",
    "remove_hints",
    "add_docstring",
    "remove_docstring",
    "with_statement",
    "f_string",
    "comprehension",
]
KINDS: tuple[Kind, ...] = get_args(Kind)

Part = Literal["train", "validation", "test"]
PARTS: tuple[Part, ...] = get_args(Part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One edit. The page is `before + text + after`, and `text` is selected."""

    name: str
    """kind/module/function, and a number where there are several."""
    kind: Kind
    before: str
    text: str
    """What is selected; empty for infill."""
    after: str
    instruction: str
    answer: str
    """One text that is right; others may be."""
    mode: Mode = "rewrite"
    function: str = ""
    """The function it is about, as it is called."""
    old: str = ""
    """rename: the name that goes."""
    new: str = ""
    """rename: the name that comes."""
    region: tuple[int, int] = (0, 0)
    """The lines of `text` that the ask is about, where it is about some: from 0, right open."""
    calls: tuple[str, ...] = ()
    """Arguments to call the function with, as literals."""
    expected: tuple[str, ...] = ()
    """What the original gives for each call."""

    def page(self, text: str) -> str:
        """The whole text, with `text` in the selection's place."""
        return self.before + text + self.after


def case_of(told: Mapping[str, Any]) -> Case:
    """A case from its fields, as JSON keeps them. Raises TypeError."""
    known = {field.name for field in fields(Case)}
    if set(told) != known:
        raise TypeError("not a case")
    lists = {name: tuple(told[name]) for name in ("calls", "expected", "region")}
    return Case(**{**told, **lists})


def told(case: Case) -> dict[str, Any]:
    """The case's fields, for JSON."""
    return asdict(case)


def number_of(*words: str) -> int:
    """A number that depends on the words alone: what looks random here, and is the same always."""
    return int.from_bytes(hashlib.sha256("\0".join(words).encode()).digest()[:8], "big")


def part_of(module: str) -> Part:
    """Which part a module's code belongs to, by its name alone: 45 train, 15 validation, 40 test.

    Whatever is trained must leave the modules of the other two parts out.
    """
    place = number_of("part", module) % 100
    return "train" if place < 45 else "validation" if place < 60 else "test"


def pick(words: tuple[str, ...], *seed: str) -> str:
    """One of the words, by the seed alone."""
    return words[number_of(*seed) % len(words)]
