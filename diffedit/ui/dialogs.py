"""Small questions in the middle of the screen: choose one, type a line, read the keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.screen import ModalScreen
from textual.suggester import Suggester
from textual.widgets import Input, Static

from diffedit.core.show import visible

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: the key that gives it, what it says, and the word that comes back."""

    key: str
    label: str
    answer: str


class Question(ModalScreen[T]):
    """A screen that is left once, however fast the keys come: the second finds it closed.

    A key that was meant for it may find it below another one: that one must be left first.
    """

    def leave(self, answer: T) -> None:
        """Close it with this answer, unless an earlier key did."""
        if self.is_active:
            self.dismiss(answer)


class Ask(Question[str]):
    """A question with a key for each answer. Esc gives the last, which must be the harmless one."""

    def __init__(self, question: str, choices: Sequence[Choice], *, detail: str = "") -> None:
        super().__init__()
        self._question = question
        self._choices = tuple(choices)
        self._detail = detail

    def compose(self) -> ComposeResult:
        """The question, what is behind it, and the answers."""
        with Vertical(classes="dialog"):
            yield Static(Text(visible(self._question), "bold"))
            if self._detail:
                yield Static(Text(visible(self._detail)))
            yield Static(answer_row(self._choices))

    def on_key(self, event: Key) -> None:
        """An answer's key, or Esc."""
        event.stop()
        if event.key == "escape":
            self.leave(self._choices[-1].answer)
        for choice in self._choices:
            if event.key == choice.key:
                self.leave(choice.answer)

    def action_answer(self, answer: str) -> None:
        """An answer by mouse."""
        self.leave(answer)


def answer_row(choices: Iterable[Choice]) -> Text:
    """The answers in a row, each a link for the mouse."""
    text = Text("\n")
    for choice in choices:
        link = Style.from_meta({"@click": f"screen.answer({choice.answer!r})"})
        text.append(f" {choice.key} ", Style(reverse=True, bold=True) + link)
        text.append(f" {visible(choice.label)} ", link)
        text.append("  ")
    return text


class PathLine(Input):
    """A line in which tab takes what is suggested, as it does in a shell."""

    BINDINGS = [Binding("tab", "complete", show=False)]  # noqa: RUF012 - Textual declares it so

    def action_complete(self) -> None:
        """To the end, and over it: there the suggestion stands."""
        self.action_end()
        self.action_cursor_right()


class Line(Question[str | None]):
    """One line to type: a path, a number. None when it is left with Esc."""

    BINDINGS = [Binding("escape", "leave", show=False)]  # noqa: RUF012 - Textual declares it so

    def __init__(
        self,
        question: str,
        value: str = "",
        *,
        suggester: Suggester | None = None,
        check: Callable[[str], str] = lambda _: "",
    ) -> None:
        """`check` gives the reason why a line will not do, or "" if it will."""
        super().__init__()
        self._question = question
        self._value = value
        self._suggester = suggester
        self._check = check

    def compose(self) -> ComposeResult:
        """The question, the line, and why it will not do."""
        with Vertical(classes="dialog"):
            yield Static(Text(visible(self._question), "bold"))
            yield PathLine(self._value, suggester=self._suggester, select_on_focus=False)
            yield Static(Text("enter done · tab completes · esc leave", "dim"), id="why")

    def on_key(self, event: Key) -> None:
        """What is typed before the line has the focus is typed all the same."""
        line = self.query_one(PathLine)
        if event.is_printable and event.character and not line.has_focus:
            line.insert_text_at_cursor(event.character)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter: done, if it will do."""
        why = self._check(event.value)
        if why:
            self.query_one("#why", Static).update(Text(visible(why), "bold"))
        else:
            self.leave(event.value)

    def action_leave(self) -> None:
        """Esc."""
        self.leave(None)


class PathSuggester(Suggester):
    """Completes a path from what lies in its folder; folders end with a slash."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The first name in the folder that goes on from what was typed."""
        return complete(value)


def complete(typed: str) -> str | None:
    """What a typed path could go on to; None where nothing fits."""
    head, slash, start = typed.rpartition("/")
    folder = Path(head + slash).expanduser() if slash else Path()
    if not start:
        return None
    try:
        names = sorted(
            entry.name + ("/" if entry.is_dir() else "")
            for entry in folder.iterdir()
            if entry.name.startswith(start)
        )
    except OSError:
        return None
    return head + slash + names[0] if names else None


class Help(Question[None]):
    """Every key and what it does, made from the tables."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding("escape,f1,q,enter", "leave", show=False)
    ]

    def __init__(
        self,
        sections: Iterable[tuple[str, Iterable[tuple[str, str]]]],
        cannot: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        """`cannot`: what the model is not able to do, and why; it is dimmed."""
        super().__init__()
        self._cannot = cannot
        self._sections = tuple((title, tuple(rows)) for title, rows in sections)

    def compose(self) -> ComposeResult:
        """One column of keys, one of what they do, under a heading for each place."""
        text = Text()
        for title, rows in self._sections:
            text.append(f"{title}\n", "bold underline")
            for keys, does in rows:
                why = self._cannot.get(does)
                text.append(f"  {keys:<18}", "dim" if why else "bold")
                text.append(
                    f"{does}: this model {why}\n" if why else f"{does}\n", "dim" * bool(why)
                )
            text.append("\n")
        text.append("esc closes this page", "dim")
        with VerticalScroll(classes="dialog tall"):
            yield Static(text)

    def action_leave(self) -> None:
        """Esc."""
        self.leave(None)
