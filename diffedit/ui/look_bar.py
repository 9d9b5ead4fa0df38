"""Two lines below a settled draft: the step and the token that are looked at, and the keys."""

from __future__ import annotations

from collections.abc import Iterator
from math import exp
from typing import TYPE_CHECKING

from rich.text import Text
from textual.binding import Binding
from textual.widget import Widget

from diffedit.core.heat import BARS, level
from diffedit.core.show import one_line
from diffedit.ui.keys import KEYS

if TYPE_CHECKING:
    from diffedit.core.edit import Edit
    from diffedit.ui.look import Look

CHOICES = 8
"""How many alternatives have a key."""
TRACK = 12
"""Cells of the track that shows how far along a step is."""


def where(edit: Edit) -> str:
    """Which step is looked at: "step 7 of 12 ━━━●──"."""
    link = edit.link
    if link is None or not link.film:
        return "No steps"
    count = len(link.film)
    at = round(edit.step / max(count - 1, 1) * (TRACK - 1))
    track = "━" * at + "●" + "─" * (TRACK - 1 - at)
    steps = link.film.frames[edit.step].figures.steps or edit.step + 1
    return f"step {steps} of {link.film.frames[-1].figures.steps or count} {track}"


def offers(edit: Edit, look: Look, *, clamp: bool, warm: bool = True) -> Iterator[tuple[str, str]]:
    """The keys that do something here, each with what it does."""
    if edit.link is not None and len(edit.link.film) > 1:
        yield "←→", "step"
        yield "space", "stop" if look.playing else f"play {look.pace}/s"
    if not look.last:
        yield "enter", "take this step"
    if warm:
        yield "f", "fork"
    yield "h", "heat off" if look.heat else "heat"
    yield "u", "least sure"
    if look.token is not None and look.last:
        yield "p/P", "pin word/line" if clamp else "pin"
        yield "m", "mark"
    if look.marked:
        yield "t", "think again"
    yield "s/S", "save run/film"
    yield "esc", "back"


def about_token(look: Look, *, scores: bool) -> Text:
    """The token in a line: how sure the model is of it, and what else might stand there."""
    text, token = Text(no_wrap=True, overflow="ellipsis"), look.token
    if token is None:
        return text.append(" tab goes from token to token, u to the least sure", "dim")
    text.append(f" {one_line(token.text)!s} ", "reverse")
    if token.nats is not None:
        text.append(f" {BARS[level(token.nats)]} {exp(-token.nats):.0%} sure ")
    for number, choice in enumerate(token.choices[:CHOICES], start=1):
        text.append(f"  {number} ", "bold")
        text.append(f"{one_line(choice.text)} {choice.probability:.0%}")
    if not token.choices:
        said = "" if scores else "this model tells no alternatives"
        text.append(f"  {said}", "dim")
    return text


class LookBar(Widget, can_focus=True):
    """Has the focus while the tokens and steps of a draft are looked at."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding(key.key, f"app.command('{key.command}')", show=False)
        for key in KEYS
        if key.where == "look" and key.bound
    ]

    def __init__(self) -> None:
        super().__init__(id="look-bar")
        self._shown: tuple[Edit, Look] | None = None
        self.clamp = self.scores = self.warm = False
        """What the model can do."""

    def show(self, edit: Edit | None, look: Look | None = None) -> None:
        """Show a look, or go away."""
        self._shown = (edit, look) if edit is not None and look is not None else None
        self.display = edit is not None
        self.refresh()

    def on_focus(self) -> None:
        """The keys work now."""
        self.refresh()

    def on_blur(self) -> None:
        """The keys go elsewhere now; the line says how to come back."""
        self.refresh()

    def render(self) -> Text:
        """Both lines. Without the focus the first says how to come back."""
        text = Text(no_wrap=True, overflow="ellipsis")
        if self._shown is None:
            return text
        edit, look = self._shown
        text.append(f" {where(edit)} ", "reverse bold")
        if not self.has_focus:
            text.append("  ctrl+k back to the draft", "dim")
        width = self.size.width - text.cell_len
        for key, does in (
            offers(edit, look, clamp=self.clamp, warm=self.warm) if self.has_focus else ()
        ):
            width -= len(key) + len(does) + 3
            if width >= 0 or key == "esc":
                text.append(f"  {key}", "bold")
                text.append(f" {does}")
        text.append("\n")
        return text.append_text(about_token(look, scores=self.scores))
