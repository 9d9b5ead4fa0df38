"""The open files: which there are, and which is looked at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from rich.text import Text
from textual.events import Click
from textual.widget import Widget

from diffedit.core.change import Change, ChangeSet
from diffedit.core.diff import hunks
from diffedit.core.document import Document
from diffedit.core.edit import Edit
from diffedit.core.editorconfig import Rules
from diffedit.core.files import Base, Form, Stamp, stamp
from diffedit.core.show import one_line, visible
from diffedit.core.span import Selection, Span
from diffedit.ui.aim import Aim
from diffedit.ui.events import TabPicked

if TYPE_CHECKING:
    from diffedit.core.draft import Draft
    from diffedit.core.review import Review
    from diffedit.ui.kept import Kept
    from diffedit.ui.look import Look
    from diffedit.worker.session import Session


@dataclass(slots=True, kw_only=True, eq=False)
class Buffer:
    """One open text, its file if it has one, and the edit that is under way in it."""

    page: Document
    connect: Callable[[], Session]
    """Makes the session, when it is first asked for."""
    path: Path | None = None
    form: Form = field(default_factory=Form)
    """How it is to be saved."""
    base: Base = field(default_factory=Base)
    """What its file held when that was last read or written."""
    stamp: Stamp | None = None
    """How the file was when it was read or written; None: not on disk yet."""
    writable: bool = True
    locked: bool = False
    """Whether it is only looked at."""
    kept: Kept | None = None
    """Its journal, if one is kept."""
    language: str = ""
    rules: Rules = field(default_factory=Rules)
    """What the project's .editorconfig asks of it."""
    unit: str = ""
    """One level of indentation, where the person has said it; "" as the text and the rules say."""
    piped: bool = False
    """Came from a pipe: unlike a file it is nowhere else, so that closing would lose it."""
    preview: Draft | None = None
    """What a run would begin with, while the prompt bar asks how strong it is to be."""
    look: Look | None = None
    """Where among the steps and tokens of its draft the person looks."""
    aim: Aim | None = None
    """What the last edit here was aimed at."""
    tallest: int = 0
    """How many rows the live draft has taken so far; it only grows."""
    _session: Session | None = None
    _read_mixed: tuple[Base | None, bool] = (None, False)
    """Whether the base has several kinds of line ends, and which base that is about."""

    @property
    def name(self) -> str:
        """What people call it."""
        return one_line(self.path.name) if self.path else "untitled"

    @property
    def modified(self) -> bool:
        """Whether closing would lose something."""
        other_form = self.path is not None and self.form != self.base.form
        return self.page.modified or other_form or (self.piped and len(self.page.text) > 0)

    @property
    def mixed(self) -> bool:
        r"""Whether its line ends are of several kinds: then their "\r" stand in the text."""
        if self._read_mixed[0] is not self.base:
            self._read_mixed = self.base, "\r" in self.base.text
        # Nothing that is typed or pasted brings one in, so most texts are never looked through.
        return self._read_mixed[1] and any("\r" in line for line in self.page.text.lines)

    @property
    def changed_outside(self) -> bool:
        """Whether the file looks different from when it was last read or written."""
        return self.path is not None and stamp(self.path) != self.stamp

    def replace_text(self, new: str) -> None:
        """Make the page say something else, as one change; what stays the same stays in place."""
        changes = (Change(hunk.old, hunk.new_text) for hunk in hunks(str(self.page.text), new))
        self.page.apply(ChangeSet(tuple(changes)))

    @property
    def session(self) -> Session:
        """Where its edits are made."""
        if self._session is None:
            self._session = self.connect()
        return self._session

    @property
    def edit(self) -> Edit:
        """Where its edit stands."""
        return self._session.edit if self._session is not None else Edit()

    @property
    def review(self) -> Review | None:
        """The review that is on the page."""
        return self.edit.review

    @property
    def draft(self) -> Draft | None:
        """What a model makes of it, or has made."""
        return self._session.draft if self._session is not None else None

    def take_aim(self, span: Span, before: Selection) -> Aim:
        """Aim at a span, instead of what was aimed at before."""
        if self.aim is not None:
            self.aim.forget()
        self.aim = Aim(self.page, span, before)
        return self.aim

    @property
    def live(self) -> bool:
        """Whether a model is at work in it."""
        return self.draft is not None and self.draft.live


class Buffers:
    """A row of buffers, one of them current. There is always at least one once opened."""

    def __init__(self) -> None:
        self.all: list[Buffer] = []
        self.at = 0

    @property
    def current(self) -> Buffer:
        """The one that is looked at."""
        return self.all[self.at]

    @property
    def modified(self) -> list[Buffer]:
        """Those that closing would lose something of."""
        return [buffer for buffer in self.all if buffer.modified]

    def add(self, buffer: Buffer) -> None:
        """Put a buffer behind the current one and look at it."""
        self.at = min(self.at + 1, len(self.all))
        self.all.insert(self.at, buffer)

    def find(self, path: Path) -> int | None:
        """The number of the buffer that holds this file."""
        real = path.resolve()
        for number, buffer in enumerate(self.all):
            if buffer.path is not None and buffer.path.resolve() == real:
                return number
        return None

    def step(self, by: int) -> None:
        """Look at the next or the one before; the ends are joined."""
        self.at = (self.at + by) % len(self.all)

    def remove(self, buffer: Buffer) -> None:
        """Close one; the one before it is looked at next."""
        number = self.all.index(buffer)
        self.all.remove(buffer)
        if number <= self.at:
            self.at = max(self.at - 1, 0)


class Tabs(Widget):
    """One line with the names of the open files; there only when there is more than one."""

    def __init__(self) -> None:
        super().__init__(id="tabs")
        self._names: list[tuple[str, bool]] = []
        self._at = 0

    def show(self, buffers: Buffers) -> None:
        """Paint the row anew if it changed."""
        names = [(buffer.name, buffer.modified) for buffer in buffers.all]
        if (names, buffers.at) != (self._names, self._at):
            self._names, self._at = names, buffers.at
            self.display = len(names) > 1
            self.refresh()

    def render(self) -> Text:
        """The names; the current one reversed, modified ones with a dot."""
        text = Text(no_wrap=True, overflow="ellipsis")
        for number, (name, modified) in enumerate(self._names):
            text.append(self._label(name, modified=modified), self._style(number))
        return text

    def on_click(self, event: Click) -> None:
        """The tab under the mouse."""
        at = 0
        for number, (name, modified) in enumerate(self._names):
            at += Text(self._label(name, modified=modified)).cell_len
            if event.x < at:
                self.post_message(TabPicked(number))
                return

    def _label(self, name: str, *, modified: bool) -> str:
        return f" {visible(name)}{' ●' if modified else ''} "

    def _style(self, number: int) -> str:
        return "reverse bold" if number == self._at else "dim"
