"""Sort the selected lines: imports, list entries, whole indented blocks.

A line that is indented deeper than the selection's first one belongs to the line above it, and
goes with it. Numbers sort by size ("item 9" before "item 10"); small and capital letters alike.
"""

from __future__ import annotations

import re

from diffedit.api import CommandContext, Span

_CLOSING = re.compile(r"\s*[)\]}]")


def sort_lines(context: CommandContext) -> None:
    """Sort the lines that the selection touches, as one change."""
    text, chosen = context.text, context.selection
    start = text.rfind("\n", 0, chosen.start) + 1
    # A selection that ends at a line's beginning does not mean that line.
    last = chosen.end - 1 if chosen.end > start and text[chosen.end - 1] == "\n" else chosen.end
    end = text.find("\n", max(last, start))
    span = Span(start, len(text) if end < 0 else end)
    old = text[span.start : span.end]
    if "\n" not in old:
        context.notify("Select two lines or more to sort them.")
        return
    new = sort_text(old)
    if new == old:
        context.notify("These lines are in order.")
        return
    context.replace(span, new)


def sort_text(text: str) -> str:
    """The same lines in order; blank lines go first, as one block each."""
    blocks = _blocks(text.split("\n"))
    ordered = sorted(blocks, key=lambda block: _key(block[0]))
    if ordered[-1] is not blocks[-1]:
        _mend_commas(blocks, ordered)
    return "\n".join(line for block in ordered for line in block)


def _blocks(lines: list[str]) -> list[list[str]]:
    """Each line with the deeper lines below it, and with the bracket that closes them."""
    depth = min((_depth(line) for line in lines if line.strip()), default=0)
    blocks: list[list[str]] = []
    for line in lines:
        deeper = not line.strip() or _depth(line) > depth
        closes = bool(blocks) and len(blocks[-1]) > 1 and _CLOSING.match(line) is not None
        if blocks and line.strip() and (deeper or closes):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())


def _key(line: str) -> tuple[list[tuple[bool, int, str]], str]:
    """Text and numbers by turns; the line itself settles a tie."""
    parts = re.split(r"(\d+)", line.strip().casefold())
    return [(bool(at % 2), int(part) if at % 2 else 0, part) for at, part in enumerate(parts)], line


def _mend_commas(old: list[list[str]], new: list[list[str]]) -> None:
    """Where all entries but the last ended in a comma, it is so again after the sorting."""
    ends = [block[-1].endswith(",") for block in old]
    if len(old) > 1 and all(ends[:-1]) and not ends[-1]:
        old[-1][-1] += ","
        new[-1][-1] = new[-1][-1].removesuffix(",")
