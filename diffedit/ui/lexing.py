"""Pygments, but able to stop at a line's start and go on from there later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from diffedit.config.languages import lexer_of

if TYPE_CHECKING:
    from pygments.lexer import Lexer

Token = tuple[int, int, str]
"""Start column, end column, and the token's name without the leading `Token.`."""
Stack = tuple[str, ...]
"""What the lexer remembers between two tokens."""
Stop = tuple[list[tuple[Token, ...]], Stack | None]
"""The lines finished since the last stop, and the state at the start of the next."""

ROOT: Stack = ("root",)
_PREFERRED = {".sql": "sql", ".pl": "perl", ".pm": "perl", ".h": "c", ".ts": "typescript"}
"""Endings that several languages share, and the one that is meant most often."""
_NAMES: dict[Any, str] = {}


def lexer_for(language: str) -> Lexer | None:
    """The lexer of a language by any of its Pygments names; None for plain text."""
    if language in ("", "text", "plain"):
        return None
    from pygments.lexers import get_lexer_by_name  # noqa: PLC0415 - colours come after the text
    from pygments.util import ClassNotFound  # noqa: PLC0415

    try:
        return get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def language_of(name: str, text: str = "") -> str:
    """The language of a file by its name, or by a `#!` line or `<?xml`; "" for plain text."""
    for ending, language in _PREFERRED.items():
        if name.endswith(ending):
            return language
    lexer = lexer_of(name, text[:2000])
    if lexer is None:
        if not text.startswith(("#!", "<?", "<!")):
            return ""
        from pygments.lexers import guess_lexer  # noqa: PLC0415 - as above
        from pygments.util import ClassNotFound  # noqa: PLC0415

        try:
            lexer = guess_lexer(text[:2000])
        except ClassNotFound:
            return ""
    alias = lexer.aliases[0] if lexer.aliases else ""
    return "" if alias in ("text", "output") else alias


def resumable(lexer: Lexer) -> bool:
    """Whether the lexer is a plain table of states, so that its state can be kept and restored."""
    from pygments.lexer import RegexLexer  # noqa: PLC0415 - as above

    return (
        isinstance(lexer, RegexLexer)
        and type(lexer).get_tokens_unprocessed is RegexLexer.get_tokens_unprocessed
    )


def run(lexer: Lexer, text: str, stack: Stack) -> Iterator[Stop]:
    """Lex `text`, pausing at each line start that lies between two tokens."""
    page = _Lines(text)
    if not resumable(lexer):
        for position, kind, value in lexer.get_tokens_unprocessed(text):
            page.add(position, kind, value)
        yield page.take(len(text)), None
        return
    position = 0
    while position < len(text):
        end, stack = _step(lexer, page, position, stack)
        if end > position and text[end - 1] == "\n":
            yield page.take(end), stack
        position = end
    if page.unfinished:
        yield page.take(len(text)), None


def _step(lexer: Lexer, page: _Lines, position: int, stack: Stack) -> tuple[int, Stack]:
    """Let the first rule that fits take its stretch: where it ends, and the state then."""
    text = page.text
    for match, action, move in lexer._tokens[stack[-1]]:  # type: ignore[attr-defined]
        found = match(text, position)
        if found is None:
            continue
        if isinstance(action, tuple):  # a token's name
            page.add(position, action, found.group())
        elif action is not None:
            for place, kind, value in action(lexer, found):
                page.add(place, kind, value)
        return found.end(), stack if move is None else _moved(stack, move)
    # No rule fits: Pygments starts afresh on the next line, or passes over one character.
    return position + 1, ROOT if text[position] == "\n" else stack


def _moved(stack: Stack, move: Any) -> Stack:
    """The stack after one rule's transition, in the words of Pygments' rule tables."""
    if isinstance(move, int):
        return stack[:move] if -move < len(stack) else stack[:1]
    for word in (move,) if isinstance(move, str) else move:
        if word == "#pop":
            stack = stack[:-1] or stack
        else:
            stack = (*stack, stack[-1] if word == "#push" else word)
    return stack


class _Lines:
    """Tokens as they come, cut into lines."""

    def __init__(self, text: str) -> None:
        self._lines: list[list[Token]] = [[] for _ in range(text.count("\n") + 1)]
        self._starts = [0]
        self._given = 0
        self._row = 0
        self.text = text
        find = text.find
        at = find("\n")
        while at >= 0:
            self._starts.append(at + 1)
            at = find("\n", at + 1)

    @property
    def unfinished(self) -> bool:
        """Whether lines wait that have not been taken."""
        return self._given < len(self._lines) - 1

    def add(self, position: int, kind: Any, value: str) -> None:
        """Put one token where it belongs."""
        name = _NAMES.get(kind)
        if name is None:
            name = _NAMES[kind] = _name(kind)
        if not name:
            return
        row, starts = self._row, self._starts
        while row and position < starts[row]:
            row -= 1
        while row + 1 < len(starts) and position >= starts[row + 1]:
            row += 1
        self._row = row
        column = position - starts[row]
        for piece in value.split("\n") if "\n" in value else (value,):
            if piece:
                self._lines[row].append((column, column + len(piece), name))
            row, column = row + 1, 0

    def take(self, end: int) -> list[tuple[Token, ...]]:
        """The lines that end at or before `end` and have not been taken yet."""
        first, last = self._given, self._given
        while last + 1 < len(self._starts) and self._starts[last + 1] <= end:
            last += 1
        self._given = last
        return [tuple(line) for line in self._lines[first:last]]


def _name(kind: Any) -> str:
    """`Token.Name.Function` as `Name.Function`; "" for what is painted as plain text."""
    name = str(kind).removeprefix("Token").removeprefix(".")
    return "" if name in ("Text", "Text.Whitespace", "Whitespace") else name
