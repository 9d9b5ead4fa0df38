"""What may be pinned by its kind: comments, the signature, the indentation. Stretches of a text."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Literal, get_args

from diffedit.core.stretch import Stretch, Stretches, joined

PinKind = Literal["signature", "comments", "indentation"]
KINDS: tuple[PinKind, ...] = get_args(PinKind)

_HASH = "python python3 ruby bash sh shell yaml toml make perl elixir julia docker r nim tcl"
_DASH = "sql lua haskell ada elm vhdl transact-sql mysql postgresql"
_BY_LANGUAGE = dict.fromkeys(_HASH.split(), "#") | dict.fromkeys(_DASH.split(), "--")
_QUOTES = "\"'`"
_HEAD = re.compile(
    r"[ \t]*(?:@.*\n[ \t]*)*(?:(?:pub(?:\(\w+\))?|public|private|protected|static|export|default|"
    r"async|abstract|final|override|inline|unsafe|extern|virtual|const)\s+)*"
    r"(?:def|class|fn|func|fun|function|struct|enum|impl|trait|interface)\b"
)


def pins_of(text: str, kinds: Collection[str], language: str = "") -> Stretches:
    """All that these kinds pin in a text."""
    finders: Mapping[str, Callable[[str], Stretches]] = {
        "signature": signature,
        "comments": lambda text: comments(text, language),
        "indentation": indentation,
    }
    return joined(part for kind in kinds for part in finders[kind](text))


def comments(text: str, language: str = "") -> Stretches:
    """Each comment up to its line's end. A mark within quotes on its line is none."""
    mark = _BY_LANGUAGE.get(language.lower(), "#" if not language else "//")
    found, at = list[Stretch](), 0
    for line in text.split("\n"):
        start = _mark(line, mark)
        if start >= 0:
            found.append((at + start, at + len(line)))
        at += len(line) + 1
    return joined(found)


def signature(text: str) -> Stretches:
    """The head of the definition that the text begins with, to the sign that opens its body."""
    lead = len(text) - len(text.lstrip("\n"))
    head = _HEAD.match(text, lead)
    if head is None:
        return ()
    depth = 0
    for at in range(head.end(), len(text)):
        char = text[at]
        depth += (char in "([") - (char in ")]")
        if not depth and char in ":{" and (char == "{" or text[at + 1 : at + 2] in ("\n", "", " ")):
            end = text.find("\n", at)
            return ((lead, len(text) if end < 0 else end),)
    return ()


def indentation(text: str) -> Stretches:
    """The blanks that each line begins with."""
    found, at = list[Stretch](), 0
    for line in text.split("\n"):
        if line.strip():
            found.append((at, at + len(line) - len(line.lstrip(" \t"))))
        at += len(line) + 1
    return joined(found)


def _mark(line: str, mark: str) -> int:
    """Where a comment begins in a line; -1 for nowhere."""
    quote, at = "", 0
    while at < len(line):
        char = line[at]
        if quote:
            at += char == "\\"
            quote = "" if char == quote else quote
        elif char in _QUOTES:
            quote = char
        elif line.startswith(mark, at):
            return at
        at += 1
    return -1
