"""The desk for files that may not be written: ask how it is to be done all the same, or leave it.

Nothing is done as root behind anybody's back: the question shows the very command, and who runs
it asks for the password itself, on a terminal that is not ours meanwhile.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
from pathlib import Path

from diffedit.core import files
from diffedit.core.errors import FileError
from diffedit.core.files import Form, Stamp, encode
from diffedit.core.show import visible
from diffedit.ui.dialogs import Ask, Choice
from diffedit.ui.stage import Stage

PROGRAMS = ("sudo", "doas", "run0")
"""What may run a command as root, the first that there is."""
ROOT, MINE, ELSEWHERE, NOT_NOW = "root", "mine", "elsewhere", "not now"


class Forbidden:
    """Asks, and writes as it is told."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def ask(self, path: Path, why: FileError) -> str:
        """How a file is to be written that refused: as root, over its mode, elsewhere, or not."""
        choices = []
        if _is_mine(path):
            choices.append(Choice("w", "write it all the same: it is yours", MINE))
        elif command := as_root(path):
            choices.append(Choice("s", f"as root: {shlex.join(command)}", ROOT))
        choices.append(Choice("a", "save under another name", ELSEWHERE))
        choices.append(Choice("esc", "not now", NOT_NOW))
        return await self._stage.ask(Ask(why.message, choices))

    def write(self, path: Path, text: str, form: Form, how: str) -> Stamp:
        """Write it so. As root a command does it, which may ask for a password.

        Raises FileError when the file does not say afterwards what it should.
        """
        if how == MINE:
            return files.write(path, text, form, over=True)
        name, data = visible(str(path)), encode(text, form)
        self._stage.window.bare(lambda: _run(as_root(path), data))
        try:
            good = path.read_bytes() == data
        except OSError:
            good = False
        if not good or (stamp := files.stamp(path)) is None:
            raise FileError(
                f"Could not save {name} as root.", hint="Your text is still here, unsaved."
            )
        return stamp


def user() -> int:
    """Whose permissions hold for us."""
    return os.geteuid()


def as_root(path: Path) -> list[str]:
    """The command that writes a file as root; empty where we are, or where none is there."""
    found = next((name for name in PROGRAMS if shutil.which(name)), "")
    if not found or user() == 0:
        return []
    return [found, "tee", "--", str(path.absolute())]


def _run(command: list[str], data: bytes) -> None:
    """Run it on the bare terminal; what it says there can be read before it is covered again."""
    result = subprocess.run(command, input=data, stdout=subprocess.DEVNULL, check=False)
    if result.returncode:
        raise FileError(f"{command[0]} gave it up.", hint="Your text is still here, unsaved.")


def _is_mine(path: Path) -> bool:
    """Whether a file is there and ours, so that only its mode says no."""
    try:
        return path.stat().st_uid == user()
    except OSError:
        return False
