"""A small library to make cases from: our own code, one module for each part."""

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from diffedit.bench import case_store
from diffedit.cases import source as case_source
from diffedit.cases.case import Case, Part, part_of
from diffedit.cases.source import Function, Module

EDITS = '''
import os


def clip(text, width, mark="..."):
    """Cut a text at a width.

    The mark stands for the rest.
    """
    # what fits is kept
    if len(text) <= width:
        return text
    kept = text[: width - len(mark)]
    return kept + mark


class Reader:
    """Reads."""

    def first_line(self, path, encoding="utf-8"):
        """The first line of a file."""
        with open(path, encoding=encoding) as file:
            line = file.readline()
            file.seek(0)
        return line.rstrip(os.linesep)

    def told(self, name, number):
        line = "%s has %d" % (name, number)
        return self.prefix + line


def squares(numbers, limit):
    """Squares below a limit."""
    found = []
    for one in numbers:
        if one < limit:
            found.append(one * one)
    return found


def names_of(people):
    """Names by age."""
    by_age = {person.age: person.name for person in people if person.name}
    return by_age
'''

RUNS = '''
import string

VOWELS = "aeiou"


def is_vowel(letter):
    return letter.lower() in VOWELS


def count_vowels(text, least=0):
    """How many vowels there are.

    >>> count_vowels("banana")
    3
    """
    total = 0
    for letter in text:
        if is_vowel(letter):
            total += 1
    return max(total, least)


def rotate(items, places):
    if not items:
        return items
    places %= len(items)
    return items[places:] + items[:places]


def looks(path):
    with open(path) as file:
        text = file.read()
    return text


def caps(text):
    words = text.split()
    shown = [string.capwords(word) for word in words]
    return " ".join(shown)
'''


def name_in(part: Part, *, number: int = 0) -> str:
    """A module name that falls into a part."""
    names = (f"m{count}" for count in range(1000))
    return [name for name in names if part_of(name) == part][number]


def library(extra: str = "") -> list[Module]:
    """Two modules of the test part and one of each other; `extra` is added to the training."""
    return [
        Module(name_in("test"), EDITS),
        Module(name_in("test", number=1), RUNS),
        Module(name_in("validation"), "def nothing(x):\n    y = x\n    return y\n"),
        Module(name_in("train"), "def little(x):\n    z = [x]\n    return z\n" + extra),
    ]


def functions_of(source: str) -> dict[str, Function]:
    """The functions of a source text by name, each on its page."""
    module = Module(name_in("test"), source)
    return {f.name: f for f in case_source.functions([module], "test", frozenset())}


@cache
def cases_of_library() -> list[Case]:
    """All cases of the library's test part, made once."""
    return case_store.build("test", library())


def written(folder: Path, modules: Iterable[Module]) -> Path:
    """The modules as files."""
    for module in modules:
        (folder / f"{module.name}.py").write_text(module.text, encoding="utf-8")
    return folder
