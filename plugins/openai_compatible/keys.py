"""The server's key: from an environment variable, or from a command that a keyring answers to.

It is never written anywhere, and no error shows it.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess

from diffedit.api import ModelError

COMMAND_S = 60
"""How long a keyring may take, in seconds: a person may have to unlock it."""

_KEY = re.compile(r"[!-~]+")


def from_variable(name: str) -> str:
    """The key in an environment variable. Raises ModelError if it is not there."""
    key = os.environ.get(name, "").strip()
    if not _KEY.fullmatch(key):
        what = "holds something that is no key" if key else "is not set"
        raise ModelError(
            f"The environment variable {name} {what}.",
            hint="It should hold the key of the server; export it, then start diffedit again.",
        )
    return key


def from_command(command: str) -> str:
    """The first line that a command prints; "" without a command. No shell reads it."""
    if not command:
        return ""
    hint = "Try key_command in a terminal: it should print the key and nothing else."
    try:
        words = shlex.split(command)
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise ModelError(f"key_command gave no key within {COMMAND_S} s.", hint=hint) from None
    except (OSError, ValueError, IndexError) as error:
        why = getattr(error, "strerror", None) or "it is no command"
        raise ModelError(f"key_command cannot be run: {why}.", hint=hint) from None
    if done.returncode:
        raise ModelError(f"key_command failed (exit code {done.returncode}).", hint=hint)
    first = done.stdout.decode("utf-8", "replace").strip().partition("\n")[0].strip()
    if not _KEY.fullmatch(first):
        what = "something that is no key" if first else "nothing"
        raise ModelError(f"key_command printed {what}.", hint=hint)
    return first
