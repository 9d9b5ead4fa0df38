"""What `.editorconfig` files ask of a file (editorconfig.org, specification 0.17.2)."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from diffedit.core.form import Form

NAME = ".editorconfig"
LARGEST = 1 << 20
"""No such file is larger than this, in bytes."""
_NEWLINES = {"lf": "\n", "crlf": "\r\n", "cr": "\r"}
_CHARSETS = {
    "utf-8": ("utf-8", False),
    "utf-8-bom": ("utf-8", True),
    "latin1": ("iso8859-1", False),
    "utf-16be": ("utf-16-be", True),
    "utf-16le": ("utf-16-le", True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What is asked for; None is as the file or the settings have it."""

    tabs: bool | None = None
    """Whether one level of indentation is a tab."""
    width: int | None = None
    """Columns of one level, and between tab stops."""
    newline: str | None = None
    charset: str | None = None
    trim: bool | None = None
    """Whether blanks at the ends of lines go when it is saved."""
    final_newline: bool | None = None
    """Whether the last line ends with a newline when it is saved."""

    @property
    def form(self) -> Form:
        """How a new file is to be written. One that is there keeps its own form."""
        encoding, bom = _CHARSETS.get(self.charset or "", ("utf-8", False))
        return Form(encoding, bom=bom, newline=self.newline or "\n")


def rules(path: Path) -> Rules:
    """What is asked of a file, be it there or not. What cannot be read asks nothing."""
    whole = os.path.abspath(path)  # noqa: PTH100 - names are compared, links are not followed
    found: dict[str, str] = {}
    for folder, text in reversed(list(_files(Path(whole).parent))):
        found |= _asked(text, whole[len(str(folder).rstrip("/")) + 1 :])
    return _rules({key: value for key, value in found.items() if value != "unset"})


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """The files that may have a say, the nearest first, up to the one that says root."""
    for place in (folder, *folder.parents):
        file = place / NAME
        if not os.path.lexists(file):
            continue
        try:
            with file.open("rb") as source:
                text = source.read(LARGEST).decode("utf-8-sig", "replace")
        except OSError:
            continue
        yield place, text
        if _preamble(text).get("root", "").lower() == "true":
            return


_PAIR = r"\s*([^=#;\s][^=]*?)\s*=\s*(.*?)\s*"
_SECTION = r"\s*\[(.*)\]\s*"


def _preamble(text: str) -> dict[str, str]:
    """The pairs before the first section."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if re.fullmatch(_SECTION, line):
            break
        if pair := re.fullmatch(_PAIR, line):
            found[pair[1].lower()] = pair[2]
    return found


def _asked(text: str, name: str) -> dict[str, str]:
    """The pairs of all sections that a name fits; the last one has the last say."""
    found: dict[str, str] = {}
    fits = False
    for line in text.splitlines():
        if section := re.fullmatch(_SECTION, line):
            fits = _fits(section[1], name)
        elif fits and (pair := re.fullmatch(_PAIR, line)):
            found[pair[1].lower()] = pair[2].lower()
    return found


def _rules(said: Mapping[str, str]) -> Rules:
    """The pairs as values; what is no value is as if it were not there."""
    style, size = said.get("indent_style"), said.get("indent_size")
    stops = _number(said.get("tab_width"))
    width = stops if size == "tab" or style == "tab" else _number(size)
    charset = said.get("charset")
    return Rules(
        tabs={"tab": True, "space": False}.get(style or ""),
        width=width or _number(size) or stops,
        newline=_NEWLINES.get(said.get("end_of_line", "")),
        charset=charset if charset in _CHARSETS else None,
        trim=_switch(said.get("trim_trailing_whitespace")),
        final_newline=_switch(said.get("insert_final_newline")),
    )


def _number(word: str | None) -> int | None:
    """A width that can be shown."""
    return int(word) if word and word.isdecimal() and 1 <= int(word) <= 16 else None


def _switch(word: str | None) -> bool | None:
    return {"true": True, "false": False}.get(word or "")


# Globs -----------------------------------------------------------------------------------------

_RANGE = r"([+-]?\d+)\.\.([+-]?\d+)"
Reader = Callable[[re.Match[str], list[tuple[int, int]]], str]


def _fits(glob: str, name: str) -> bool:
    """Whether a section's heading means a file; `name` is its path from the .editorconfig."""
    anchored = glob.removeprefix("/") if "/" in glob else f"**/{glob}"
    try:
        pattern, ranges = _pattern(anchored)
        match = re.fullmatch(pattern, name, re.DOTALL)
    except (re.error, RecursionError):
        return False
    return match is not None and all(
        low <= int(number) <= high
        for number, (low, high) in zip(match.groups(), ranges, strict=True)
        if number is not None
    )


def _pattern(glob: str) -> tuple[str, list[tuple[int, int]]]:
    """A glob as a regular expression, with the bounds of each number that it captures."""
    parts: list[str] = []
    ranges: list[tuple[int, int]] = []
    at = 0
    while at < len(glob):
        for token, read in _tokens():
            if match := token.match(glob, at):
                parts.append(read(match, ranges))
                at = match.end()
                break
    return "".join(parts), ranges


def _braces(match: re.Match[str], ranges: list[tuple[int, int]]) -> str:
    """`{a,b}`, `{1..9}`; one word alone in braces stands for itself."""
    inside = match[1]
    if bounds := re.fullmatch(_RANGE, inside):
        low, high = sorted((int(bounds[1]), int(bounds[2])))
        ranges.append((low, high))
        return r"([+-]?\d+)"
    choices = _split(inside)
    if len(choices) == 1:
        inner, found = _pattern(inside)
        ranges += found
        return rf"\{{{inner}\}}"
    made = [_pattern(choice) for choice in choices]
    for _, found in made:
        ranges += found
    return f"(?:{'|'.join(inner for inner, _ in made)})"


def _split(inside: str) -> list[str]:
    """The choices between braces; a comma within inner braces parts nothing."""
    choices, depth = [""], 0
    for char in inside:
        depth += (char == "{") - (char == "}")
        if char == "," and depth == 0:
            choices.append("")
        else:
            choices[-1] += char
    return choices


def _set(match: re.Match[str]) -> str:
    """`[abc]`, `[!abc]`."""
    inside = match[2].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
    return f"[{'^' if match[1] else ''}{inside}]"


@cache
def _tokens() -> tuple[tuple[re.Pattern[str], Reader], ...]:
    """What a glob is made of, and how each is read; compiled when there is a glob to read."""
    return (
        (re.compile(r"\\(.)", re.DOTALL), lambda match, _: re.escape(match[1])),
        (re.compile(r"/\*\*/"), lambda *_: "(?:/|/.*/)"),
        (re.compile(r"\*\*/"), lambda *_: "(?:.*/)?"),
        (re.compile(r"\*\*"), lambda *_: ".*"),
        (re.compile(r"\*"), lambda *_: "[^/]*"),
        (re.compile(r"\?"), lambda *_: "[^/]"),
        (re.compile(r"\[(!?)([^\]/]+)\]"), lambda match, _: _set(match)),
        (re.compile(r"\{((?:[^{}]|\{[^{}]*\})*)\}"), _braces),
        (re.compile(r".", re.DOTALL), lambda match, _: re.escape(match[0])),
    )
