"""Looks for regular expressions in a process of its own: one that never ends can then be ended.

A line of JSON comes in for each request, one goes out for each answer; it ends when stdin does.
"""

from __future__ import annotations

import contextlib
import json
import sys
from typing import Any

from diffedit.core.errors import RequestError
from diffedit.core.search import Query, look

MEMORY = 2 << 30
"""Bytes that an expression may take; it is told to be too large before the machine suffers."""


def answer(line: bytes) -> dict[str, Any]:
    """What a request finds, or why it will not do."""
    asked = json.loads(line)
    try:
        query = Query(**asked["query"])
        return {"found": look(query, asked["lines"], template=asked["template"])}
    except RequestError as error:
        return {"error": str(error)}
    except (MemoryError, RecursionError, OverflowError):
        return {"error": "This expression is too large."}


def main() -> None:
    """Answer until nobody asks any more."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - not there on Windows

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for line in sys.stdin.buffer:
        sys.stdout.write(json.dumps(answer(line)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
