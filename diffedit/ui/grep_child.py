"""Looks through the files of a folder, in a process of its own that can be ended at any time.

One line of JSON comes in: what is looked for, and where. For each file that holds it, one goes
out; now and then one that says how far it is, so that nobody takes it for stuck; one at the end.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diffedit.core import project
from diffedit.core.errors import RequestError
from diffedit.core.form import decode, looks_binary
from diffedit.core.search import Query, look

LARGEST = 5_000_000
"""Bytes of a file above which it is passed over."""
MOST = 2_000
"""Matches after which it stops."""
SNIPPET = 300
"""Characters of a line that are sent along."""
TELL_EVERY = 0.1
"""Seconds between two words of how far it is."""


def answers(asked: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """What is found, file by file."""
    query, root = Query(**asked["query"]), Path(asked["root"])
    open_: Mapping[str, str] = asked["open"]
    seen = found = passed = 0
    told = time.monotonic()
    names = project.names(root)
    yield {"seen": 0}
    for name in names:
        path = root / name
        text = open_.get(str(path))
        if text is None:
            text = _text(path)
        seen += 1
        if text is None:
            passed += 1
            continue
        hits = _hits(query, text, MOST - found)
        found += len(hits)
        if hits:
            yield {"file": name, "hits": hits}
        if found >= MOST:
            break
        if time.monotonic() - told > TELL_EVERY:
            told = time.monotonic()
            yield {"seen": seen}
    yield {"done": True, "seen": seen, "passed": passed, "capped": found >= MOST}


def _text(path: Path) -> str | None:
    """A file's text; None for what is none, or too large."""
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > LARGEST:
            return None
        data = path.read_bytes()
    except OSError:
        return None
    return None if looks_binary(data) else decode(data)[0]


def _hits(query: Query, text: str, most: int) -> list[tuple[int, int, int, str, int]]:
    """Row, start, end, what is shown of the line, and where that begins in it."""
    if not query.regex and not query.ignores_case and query.pattern not in text:
        return []
    lines = text.split("\n")
    found = []
    for hit in look(query, lines)[:most]:
        start = max(0, hit.start - SNIPPET // 3)
        line = lines[hit.row]
        found.append((hit.row, hit.start, hit.end, line[start : start + SNIPPET], start))
    return found


def main() -> None:
    """Answer one question."""
    asked = json.loads(sys.stdin.buffer.readline())
    try:
        for answer in answers(asked):
            sys.stdout.write(json.dumps(answer) + "\n")
            sys.stdout.flush()
    except RequestError as error:
        sys.stdout.write(json.dumps({"error": str(error)}) + "\n")
    except (MemoryError, RecursionError, OverflowError):
        sys.stdout.write(json.dumps({"error": "This expression is too large."}) + "\n")
    except BrokenPipeError:
        pass  # nobody wants it any more


if __name__ == "__main__":
    main()
