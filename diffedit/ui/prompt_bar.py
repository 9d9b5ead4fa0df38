"""Where the instruction is typed: one line at the bottom, with its own history and its own undo."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.events import Paste
from textual.strip import Strip
from textual.widgets import Static, TextArea

from diffedit.core.attachment import named
from diffedit.core.show import visible
from diffedit.engine.params import STRENGTHS
from diffedit.engine.task import Mode
from diffedit.ui.able import Offer, fitting, lacking, offer
from diffedit.ui.events import PromptClosed, PromptSent
from diffedit.ui.keys import KEYS
from diffedit.ui.prompt_history import PromptHistory

if TYPE_CHECKING:
    from diffedit.engine.backend import Abilities

WHAT: dict[Mode, tuple[str, str]] = {
    "rewrite": ("Rewrite", "What is to be done with it?"),
    "infill": ("Infill", "What belongs here? (may stay empty)"),
    "continue": ("Continue", "How does it go on? (may stay empty)"),
}
"""Each mode's heading, and what the empty line asks."""

STOPS = tuple(zip("▁▃▅▇█", STRENGTHS, strict=True))
"""How strong an edit is, each stop with its bar."""

PINS: tuple[tuple[str, ...], ...] = ((), ("signature",), ("comments",), ("signature", "comments"))
"""What may be pinned by its kind, in the order of the key."""

APP_KEYS = ("f6", "f7")
"""What the stock line would do something else with; here they are the app's, as anywhere."""


class InstructionArea(TextArea):
    """The line itself. It grows with soft wrapping and never holds a newline."""

    def __init__(self) -> None:
        super().__init__(soft_wrap=True, compact=True, id="instruction")
        self.highlight_cursor_line = False
        for key in APP_KEYS:
            self._bindings.key_to_bindings.pop(key, None)

    def render_line(self, y: int) -> Strip:
        """One row. Where there is no room at all, Textual would divide by it."""
        if self.content_size.width < 1:
            return Strip.blank(self.size.width)
        return super().render_line(y)

    def action_cursor_up(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - Textual's
        """The instruction before."""
        bar = self.parent
        assert isinstance(bar, PromptBar)
        bar.older()

    def action_cursor_down(self, select: bool = False) -> None:  # noqa: FBT001, FBT002 - Textual's
        """The instruction after."""
        bar = self.parent
        assert isinstance(bar, PromptBar)
        bar.newer()

    async def _on_paste(self, event: Paste) -> None:
        """An instruction is one line: what is pasted joins it, controls made harmless."""
        event.stop()
        event.prevent_default()
        text = visible(" ".join(event.text.split("\n")).replace("\t", " ").replace("\r", " "))
        self.replace(text, *self.selection)


class PromptBar(Vertical):
    """The bar: what it is about on top, the instruction below."""

    BINDINGS = [  # noqa: RUF012 - Textual declares it so
        Binding(key.key, f"app.command('{key.command}')", show=False)
        for key in KEYS
        if key.where == "prompt" and key.bound
    ]

    def __init__(self, history: PromptHistory) -> None:
        super().__init__(id="prompt-bar")
        self.history = history
        self.mode: Mode = "rewrite"
        self._modes: tuple[Mode, ...] = ("rewrite",)
        self._about = ""
        self._stop = len(STOPS) - 1
        self._pins = 0
        self._said = False
        """Whether there was anything in the line when it was told last."""
        self.heard: Callable[[], None] = lambda: None
        """Told when it opens, and when it would ask for another kind of edit."""
        self.abilities: Abilities | None = None
        """What the model can do; None: none is loaded yet."""

    def compose(self) -> ComposeResult:
        """Heading and line."""
        yield Static(id="prompt-heading")
        yield InstructionArea()

    @property
    def area(self) -> InstructionArea:
        """The line that is typed in."""
        return self.query_one(InstructionArea)

    @property
    def text(self) -> str:
        """The instruction as it stands."""
        return self.area.text.strip()

    def open(self, about: str, modes: Sequence[Mode], mode: Mode) -> None:
        """Show the bar for a span. A sentence begun before is still there."""
        self._about, self._modes, self.mode = about, tuple(modes), mode
        self.history.rewind()
        self.display = True
        self.turned()
        self.screen.set_focus(self.area)

    def turned(self) -> None:
        """While it is open: it asks for another kind of edit, or another model is there."""
        if self.display:
            self._said = bool(self.text)
            self._show()
            self.heard()

    def on_text_area_changed(self) -> None:
        """A picture may have been named, or be named no more; a gap has a wish, or none."""
        if self.display and self.mode != "rewrite" and bool(self.text) != self._said:
            self.turned()
        elif self.display:
            self._show()

    def put(self, instruction: str) -> None:
        """Replace the line, as one step of its undo."""
        area = self.area
        if instruction != area.text:
            area.replace(instruction, (0, 0), area.document.end)
        area.move_cursor(area.document.end)

    def older(self) -> None:
        """Up: the instruction before."""
        self.put(self.history.older(self.area.text))

    def newer(self) -> None:
        """Down: the instruction after."""
        self.put(self.history.newer(self.area.text))

    def send(self) -> None:
        """Enter: say what is to be done. Rewriting needs words."""
        text = self.text
        if not text and self.mode == "rewrite":
            self.query_one("#prompt-heading", Static).update(
                Text("Say in a few words what is to be done with it · esc closes", "bold")
            )
            return
        self.history.add(text)
        self._clear()
        self.post_message(PromptSent(text, self.mode, noise=self.noise, pins=self.pins))

    def next_mode(self) -> None:
        """Tab: the next of the modes that make sense here."""
        self.mode = self._modes[(self._modes.index(self.mode) + 1) % len(self._modes)]
        self.turned()

    @property
    def can_start_warm(self) -> bool:
        """Whether the model may begin with the text; else it always starts from nothing."""
        return self.abilities is not None and self.abilities.warm_start

    @property
    def noise(self) -> float | None:
        """The share of the text that is noised at the start; None: as the settings say."""
        return (
            STOPS[self._stop][1][1] if self.can_start_warm and self._stop < len(STOPS) - 1 else None
        )

    @property
    def pins(self) -> frozenset[str]:
        """What is pinned by its kind."""
        return frozenset(PINS[self._pins]) if self.mode == "rewrite" else frozenset()

    def stronger(self) -> bool:
        """Alt+s: the next of the five stops; false where the model knows only one."""
        if self.can_start_warm:
            self._stop = (self._stop + 1) % len(STOPS)
            self.turned()
        return self.can_start_warm

    def next_pins(self) -> None:
        """Alt+p: pin the signature, the comments, both, or nothing."""
        self._pins = (self._pins + 1) % len(PINS)
        self.turned()

    def pin_by_default(self, kinds: Sequence[str]) -> None:
        """What the settings pin, unless the person says otherwise."""
        wanted = [n for n, pins in enumerate(PINS) if set(pins) == set(kinds)]
        self._pins = wanted[0] if wanted else self._pins

    def close(self) -> None:
        """Esc: away with the bar; what was typed waits for the next time."""
        self.display = False
        self.post_message(PromptClosed())

    def _clear(self) -> None:
        self.display = False
        self.area.load_text("")

    def _offers(self) -> Iterator[Offer]:
        """What the heading tells, what is needed most first."""
        yield Offer("enter", "run")
        if self.mode == "rewrite":
            if self.can_start_warm:
                bar, (name, _) = STOPS[self._stop]
                yield Offer("alt+s", f"{bar} {name}")
            yield Offer("alt+p", f"pins: {' and '.join(PINS[self._pins]) or 'none'}")
        if len(self._modes) > 1:
            yield Offer("tab", "mode")
        yield Offer("esc", "close")
        yield Offer("↑↓", "history")
        if self.mode == "rewrite" and lacking("prompt_strength", self.abilities):
            yield offer("alt+s", "strength", "prompt_strength", self.abilities)

    def on_resize(self) -> None:
        """There is room for more of the heading, or less."""
        if self.display:
            self._show()

    def _show(self) -> None:
        """The heading for the mode, and what the empty line asks for."""
        title, asks = WHAT[self.mode]
        heading = Text(no_wrap=True, overflow="ellipsis")
        heading.append(f" {title} ", "reverse bold")
        heading.append(f" {visible(self._about)}", "bold")
        for image in named(self.area.text):
            need = lacking("image", self.abilities)
            said = f"  + image {visible(image.name)}{f': {need.short}' if need else ''}"
            heading.append(said, "dim" if need else "bold")
        room = max(self.size.width or self.app.size.width, 1) - heading.cell_len
        heading.append_text(fitting(self._offers(), room, always="esc"))
        self.query_one("#prompt-heading", Static).update(heading)
        self.area.placeholder = asks
