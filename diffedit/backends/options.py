"""Options of a backend: words from a person, turned into numbers."""

from __future__ import annotations

from collections.abc import Mapping

from diffedit.core.errors import RequestError


def whole_numbers(
    backend: str, known: Mapping[str, tuple[int, int]], options: Mapping[str, str]
) -> dict[str, int]:
    """The options as numbers, with what was not given. Raises RequestError, naming the option."""
    values = {name: usual for name, (_, usual) in known.items()}
    for name, word in options.items():
        if name not in known:
            raise RequestError(
                f"The {backend} backend has no option '{name}'.",
                hint=f"It has: {', '.join(known)}.",
            )
        least = known[name][0]
        if not word.isascii() or not word.isdigit() or int(word) < least:
            raise RequestError(
                f"The {backend} backend's option {name} is a whole number from {least} up, "
                f"not '{word}'."
            )
        values[name] = int(word)
    return values
