"""A TOML file whose every key knows its line, so that errors can point at it.

tomllib reads the values; it keeps no lines, so a second walk over the same text finds the keys.
The walk may trust the text, since tomllib has accepted it by then.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from diffedit.core.errors import RequestError
from diffedit.core.show import visible

Keys = tuple[str, ...]

LARGEST = 1 << 20
"""No settings, theme or plugin file is larger than this many bytes."""

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_STRINGS = tuple(
    re.compile(pattern, re.DOTALL)
    for pattern in (
        r'"""(?:\\.|[^\\])*?"""(?:"{0,2})',
        r"'''.*?'''(?:'{0,2})",
        r'"(?:\\.|[^"\\])*"',
        r"'[^']*'",
    )
)
_PLAIN = re.compile(r"[^,\]}\n#]+")


class _Walk:
    """One walk over valid TOML that notes the line of each key."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Keys, int] = {}
        self.counts: dict[Keys, int] = {}

    def run(self) -> dict[Keys, int]:
        """The line of each key, from 1; an entry of an array has its number as a key."""
        table: Keys = ()
        self.blank()
        while self.at < len(self.text):
            start = self.at
            if self.text[self.at] == "[":
                table = self.header(start)
            else:
                self.pair(table)
            self.blank()
        return self.lines

    def header(self, start: int) -> Keys:
        """A `[table]` or `[[table]]`; the keys after it stand below it."""
        double = self.text.startswith("[[", self.at)
        self.at += 2 if double else 1
        keys = self.resolved(self.key())
        self.blank()
        self.at += 2 if double else 1
        for length in range(1, len(keys) + 1):
            self.note(keys[:length], start)
        if double:
            number = self.counts.get(keys, -1) + 1
            self.counts[keys] = number
            keys = (*keys, str(number))
            self.note(keys, start)
        return keys

    def resolved(self, keys: Keys) -> Keys:
        """Table names below an array of tables mean its latest entry."""
        full: Keys = ()
        for index, key in enumerate(keys):
            full = (*full, key)
            if full in self.counts and index < len(keys) - 1:
                full = (*full, str(self.counts[full]))
        return full

    def pair(self, table: Keys) -> None:
        """`key = value`, the value being walked for the keys inside it."""
        start = self.at
        keys = (*table, *self.key())
        for length in range(len(table) + 1, len(keys) + 1):
            self.note(keys[:length], start)
        self.blank()
        self.at += 1  # the "="
        self.value(keys)

    def note(self, keys: Keys, start: int) -> None:
        """Remember where a key was first seen."""
        self.lines.setdefault(keys, self.text.count("\n", 0, start) + 1)

    def key(self) -> Keys:
        """A key, dotted or not, quoted or not."""
        keys: list[str] = []
        while True:
            self.blank()
            if self.text[self.at] in "\"'":
                keys.append(next(iter(tomllib.loads(f"{self.string()} = 0"))))
            elif match := _BARE.match(self.text, self.at):
                keys.append(match.group())
                self.at = match.end()
            self.blank()
            if not self.text.startswith(".", self.at):
                return tuple(keys)
            self.at += 1

    def string(self) -> str:
        """A string of any of the four kinds, quotes and all."""
        for pattern in _STRINGS:
            if match := pattern.match(self.text, self.at):
                self.at = match.end()
                return match.group()
        raise ValueError(f"no string at {self.at}")

    def value(self, keys: Keys) -> None:
        """Any value; strings are skipped whole, so nothing in them looks like a key."""
        self.blank()
        mark = self.text[self.at]
        if mark in "\"'":
            self.string()
        elif mark in "[{":
            self.inside(keys, mark)
        elif match := _PLAIN.match(self.text, self.at):
            self.at = match.end()

    def inside(self, keys: Keys, mark: str) -> None:
        """An array, or a table in one line."""
        self.at += 1
        number = 0
        self.blank()
        while self.text[self.at] not in "]}":
            if mark == "{":
                self.pair(keys)
            else:
                self.note((*keys, str(number)), self.at)
                self.value((*keys, str(number)))
            number += 1
            self.blank()
            if self.text[self.at] == ",":
                self.at += 1
                self.blank()
        self.at += 1

    def blank(self) -> None:
        """Go on past spaces, line ends and comments."""
        if match := _BLANK.match(self.text, self.at):
            self.at = match.end()


@lru_cache(maxsize=8)
def lines_of(text: str) -> Mapping[Keys, int]:
    """The line, from 1, of each key of a valid TOML text."""
    return _Walk(text.replace("\r\n", "\n")).run()


def nearest(word: str, known: Collection[str]) -> str:
    """A hint: the known word that `word` was probably meant to be, or all of a few, or nothing."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return f"Known here: {', '.join(sorted(known))}." if 0 < len(known) <= 12 else ""


@dataclass(frozen=True, slots=True)
class TomlFile:
    """What a TOML file says, and on which line."""

    path: Path
    data: Mapping[str, Any]
    text: str
    """The file itself: its lines are counted where one is asked for, which is seldom."""

    def where(self, *keys: str) -> str:
        """FILE:LINE of a key, or of the nearest table around it."""
        lines = lines_of(self.text)
        for length in range(len(keys), 0, -1):
            if line := lines.get(keys[:length]):
                return f"{self.path}:{line}"
        return str(self.path)

    def error(self, message: str, *keys: str, hint: str = "") -> RequestError:
        """The error to raise for what stands at a key."""
        return RequestError(visible(f"{self.where(*keys)}: {message}"), hint=visible(hint))

    def check_keys(self, known: Collection[str], table: str = "") -> None:
        """Refuse a key that means nothing here. Raises RequestError with the nearest known one."""
        place = (table,) if table else ()
        for key in self.table(table) if table else self.data:
            if key not in known:
                within = f" in [{table}]" if table else ""
                raise self.error(
                    f"unknown key {key!r}{within}.", *place, key, hint=nearest(key, known)
                )

    def table(self, name: str) -> Mapping[str, Any]:
        """A table by name, empty if it is not there. Raises RequestError if it is no table."""
        found = self.data.get(name, {})
        if not isinstance(found, Mapping):
            raise self.error(f"{name!r} must be a table: [{name}].", name)
        return found

    def words(self, name: str) -> dict[str, str]:
        """A table of strings. Raises RequestError for a value that is none."""
        for key, value in self.table(name).items():
            if not isinstance(value, str):
                raise self.error(f"{key!r} must be text in quotes, not {value!r}.", name, key)
        return dict(self.table(name))


def read(path: Path) -> TomlFile:
    """A TOML file with its lines. Raises RequestError, naming file and line, if it is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except OSError as error:
        raise RequestError(visible(f"{path}: cannot be read: {error.strerror}.")) from error
    if len(data) > LARGEST:
        raise RequestError(visible(f"{path}: larger than {LARGEST:,} bytes; is it the right file?"))
    try:
        text = data.decode("utf-8-sig")
        found = _loads(text)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise RequestError(visible(f"{path}:{line}: not UTF-8.")) from error
    except tomllib.TOMLDecodeError as error:
        raise RequestError(visible(f"{path}{_faulty_line(str(error), text)}")) from error
    except RecursionError as error:
        raise RequestError(visible(f"{path}: nested too deeply.")) from error
    return TomlFile(path, found, text)


@lru_cache(maxsize=16)
def _loads(text: str) -> Mapping[str, Any]:
    """What a text says. A start reads the plugins five times; nobody changes it."""
    return tomllib.loads(text)


def _faulty_line(message: str, text: str) -> str:
    """The message of tomllib with its line in front: ":3: expected '=' after a key"."""
    match = re.fullmatch(r"(.*?) \(at (?:line (\d+), column \d+|end of document)\)", message)
    if match is None:
        return f": {message}."
    line = int(match[2]) if match[2] else text.count("\n") + 1
    return f":{line}: not valid TOML: {match[1]}."
