"""What all of the command line shares: how it reads words, and how it complains."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from diffedit.core.errors import RequestError


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, like everything else here."""

    def error(self, message: str) -> NoReturn:
        """Raise RequestError."""
        # A subparser is not asked for twice.
        raise RequestError(f"{message}.", hint=f"See `{self.prog} --help`.")


def say(message: str) -> None:
    """One line on stderr, with nothing in it that a terminal would obey."""
    from diffedit.core.show import visible  # noqa: PLC0415 - only when something is to be said

    sys.stderr.write(f"diffedit: {visible(' '.join(message.split()))}\n")


def named(words: Sequence[str]) -> dict[str, str]:
    """The `NAME=VALUE` words of --option as a mapping. Raises RequestError."""
    pairs = [word.partition("=") for word in words]
    for name, equals, value in pairs:
        if not name or not equals:
            raise RequestError(f"--option wants NAME=VALUE, not {name + equals + value!r}.")
    return {name: value for name, _, value in pairs}
