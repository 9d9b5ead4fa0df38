"""The clipboard: the system's own tool, tmux, or the terminal's OSC 52; and honest about which."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from textual.app import App

MOST_BY_TERMINAL = 74_994
"""Characters of base64 that terminals are known to take by OSC 52; more is dropped unsaid."""
PATIENCE = 2.0
"""Seconds that a clipboard tool may take."""

_TOOLS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("WAYLAND_DISPLAY", "Wayland clipboard", ("wl-copy",), ("wl-paste", "--no-newline")),
    (
        "DISPLAY",
        "X clipboard",
        ("xclip", "-selection", "clipboard"),
        ("xclip", "-selection", "clipboard", "-o"),
    ),
    ("DISPLAY", "X clipboard", ("xsel", "-ib"), ("xsel", "-ob")),
    ("", "clipboard", ("pbcopy",), ("pbpaste",)),
    (
        "WSL_DISTRO_NAME",
        "Windows clipboard",
        ("clip.exe",),
        ("powershell.exe", "-NoProfile", "-Command", "Get-Clipboard -Raw"),
    ),
    ("TMUX", "tmux buffer", ("tmux", "load-buffer", "-w", "-"), ("tmux", "save-buffer", "-")),
)
"""The variable that must be set, what people call it, the words to copy, the words to paste."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What became of a copy."""

    message: str
    """One line for the person: where the text went, and what is not known."""
    sure: bool
    """Whether something other than this editor has confirmed that it holds the text."""


@dataclass
class Clipboard:
    """Copies and pastes. What it was given last it always remembers itself."""

    write: Callable[[str], None]
    """Writes to the terminal; for OSC 52."""
    environ: Mapping[str, str] = field(default_factory=lambda: os.environ)
    text: str = ""
    """What was copied last in this editor."""

    async def copy(self, text: str) -> Copied:
        """Copy a text to every clipboard that can be reached."""
        self.text = text
        tool = self._tool()
        told = self._by_terminal(text) if self._far or tool is None or self._in_tmux else False
        error = ""
        if tool is not None:
            name, words, _ = tool
            error = await self._run_copy(words, text)
            if not error:
                return Copied(f"Copied to the {name}.", sure=True)
        if told:
            return Copied(
                "Sent to the terminal's clipboard; it does not say if it took it.", sure=False
            )
        why = f" ({error})" if error else ""
        if len(text) * 4 // 3 > MOST_BY_TERMINAL:
            why = " (too long for the terminal's clipboard)"
        return Copied(f"Copied within the editor only{why}.", sure=False)

    async def paste(self) -> str:
        """The system's clipboard where it can be read, else what was copied here."""
        tool = None if self._far and not self._in_tmux else self._tool()
        if tool is None:
            return self.text
        code, out, _ = await _run(tool[2], b"")
        found = out.decode("utf-8", "replace").replace("\r\n", "\n")
        return found if code == 0 and found else self.text

    @property
    def _far(self) -> bool:
        """Whether the person sits at another machine, whose clipboard only the terminal reaches."""
        return any(self.environ.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"))

    @property
    def _in_tmux(self) -> bool:
        return bool(self.environ.get("TMUX"))

    def _tool(self) -> tuple[str, tuple[str, ...], tuple[str, ...]] | None:
        """The first tool that is there; far away, only tmux is of use."""
        path = self.environ.get("PATH", "")
        for variable, name, copy, paste in _TOOLS:
            if variable and not self.environ.get(variable):
                continue
            if self._far and variable != "TMUX":
                continue
            program = shutil.which(copy[0], path=path)
            reader = shutil.which(paste[0], path=path)
            if program and reader:
                return name, (program, *copy[1:]), (reader, *paste[1:])
        return None

    def _by_terminal(self, text: str) -> bool:
        """Send the text by OSC 52, wrapped for tmux; False when it is too long."""
        coded = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode("ascii")
        if len(coded) > MOST_BY_TERMINAL:
            return False
        sequence = f"\x1b]52;c;{coded}\a"
        if self._in_tmux:
            sequence = f"\x1bPtmux;{sequence.replace(chr(27), chr(27) * 2)}\x1b\\"
        self.write(sequence)
        return True

    async def _run_copy(self, words: Sequence[str], text: str) -> str:
        """Give the text to a tool; "" when it took it, else why not."""
        code, _, error = await _run(words, text.encode("utf-8", "surrogateescape"), quiet=True)
        return "" if code == 0 else error or f"{Path(words[0]).name} failed"


async def _run(words: Sequence[str], data: bytes, *, quiet: bool = False) -> tuple[int, bytes, str]:
    """Run a tool: its exit status, its output, and one line of what went wrong.

    With `quiet`, its output is not waited for: some tools stay, to serve what they were given.
    """
    pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    try:
        child = await asyncio.create_subprocess_exec(
            *words, stdin=pipe, stdout=none if quiet else pipe, stderr=none
        )
    except OSError as error:
        return 127, b"", str(error)
    try:
        async with asyncio.timeout(PATIENCE):
            out, _ = await child.communicate(data)
    except TimeoutError:
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        await child.wait()
        return 124, b"", f"{Path(words[0]).name} did not answer"
    return child.returncode or 0, out or b"", ""


def copy_line(app: App[Any], text: str) -> None:
    """What is cut from a line of input; bytes that are no text cannot go to a terminal."""
    App.copy_to_clipboard(app, text.encode("utf-8", "replace").decode())
