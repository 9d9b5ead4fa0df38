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
from diffedit.ui.able import Offer, fitting, lacking, offer
from diffedit.ui.keys import KEYS

if TYPE_CHECKING:
    from diffedit.core.edit import Edit
    from diffedit.engine.backend import Abilities
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


def offers(edit: Edit, look: Look, abilities: Abilities | None) -> Iterator[Offer]:
    """The keys that do something here, each with what it does; dimmed, what the model cannot."""
    clamp = bool(abilities and abilities.clamp)
    if look.marked:
        yield Offer("t", "think again")
    if edit.link is not None and len(edit.link.film) > 1:
        yield Offer("←→", "step")
        yield Offer("space", "stop" if look.playing else f"play {look.pace}/s")
    if not look.last:
        yield Offer("enter", "take this step")
    yield offer("f", "fork", "fork", abilities)
    told = any(token.nats is not None for token in look.tokens)
    yield offer("h", "heat off" if look.heat else "heat", "heat", None if told else abilities)
    yield offer("u", "least sure", "next_unsure", None if told else abilities)
    if look.token is not None and look.last:
        yield Offer("p/P", "pin word/line" if clamp else "pin")
        yield Offer("m", "mark")
    yield Offer("s/S", "save run/film")
    yield Offer("esc", "back")


def about_token(look: Look, abilities: Abilities | None) -> Text:
    """The token in a line: how sure the model is of it, and what else might stand there."""
    text, token = Text(no_wrap=True, overflow="ellipsis"), look.token
    if token is None:
        return text.append(" tab goes from token to token, u to the least sure", "dim")
    text.append(f" {one_line(token.text)!s} ", "reverse")
    if token.nats is not None:
        how = "sure as it wrote" if look.wrote else "likely here"
        text.append(f" {BARS[level(token.nats)]} {percent(exp(-token.nats))} {how} ")
    if token.choices and look.wrote and token.likely is not None:
        # The run knew what was asked for; who reads the text now does not.
        text.append(f"  read now {percent(token.likely)}, or", "dim")
    for number, choice in enumerate(token.choices[:CHOICES], start=1):
        text.append(f"  {number} ", "bold")
        text.append(f"{one_line(choice.text)} {percent(choice.probability)}")
    need = lacking("choice_1", abilities)
    if not token.choices and need:
        text.append(f"  1-{CHOICES} another token: {need.short}", "dim")
    return text


def percent(share: float) -> str:
    """A share from 0 to 1, rounded; one that would be nothing is told as little."""
    return f"{share:.0%}" if not share or share >= 0.005 else "<1%"


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
        self.abilities: Abilities | None = None

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
        else:
            width = self.size.width - text.cell_len
            text.append_text(fitting(offers(edit, look, self.abilities), width, always="esc"))
        text.append("\n")
        return text.append_text(about_token(look, self.abilities))
