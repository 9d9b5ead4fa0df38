"""Three texts side by side, part by part: what is on the page, what is in the file, and the base.

Nothing is replaced before it was seen: recovery after a crash and files that someone else changed
both come through here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.style import Style
from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.events import Key
from textual.widgets import Static

from diffedit.config.themes import Theme
from diffedit.core.merge import Part, Side, merged
from diffedit.core.show import visible
from diffedit.ui.dialogs import Choice, Question, answer_row

CONTEXT = 2
"""Rows shown of what is the same, on either side of a part."""
LONGEST = 60
"""Rows shown of one side of one part."""
WIDEST = 500
"""Characters shown of one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What is said around the parts."""

    title: str
    mine: str = "yours"
    theirs: str = "on disk"
    take: str = "take it"
    """What Enter does."""
    others: tuple[Choice, ...] = ()
    """Other ways to end it; the last is what Esc does."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How it ended: "take" with the text that was put together, or another answer without."""

    answer: str
    text: str = ""


class Compare(Question[Verdict]):
    """The parts that differ, and for each whose lines are taken."""

    def __init__(self, parts: Sequence[Part], words: Words, theme: Theme) -> None:
        super().__init__()
        self._parts = tuple(parts)
        self._words = words
        self._theme = theme
        self._sides: dict[int, Side] = {}
        self._numbers = [at for at, part in enumerate(parts) if part.kind != "same"]
        self._at = 0

    def compose(self) -> ComposeResult:
        """The title, the parts, and the keys."""
        self._body, self._why = Static(), Static()
        with Vertical(classes="dialog compare"):
            yield Static(Text(visible(self._words.title), "bold"))
            with VerticalScroll(can_focus=False):
                yield self._body
            yield self._why
            yield Static(self._keys())

    def on_mount(self) -> None:
        """Show it."""
        self._paint()

    def on_key(self, event: Key) -> None:
        """Move, choose, or end it."""
        event.stop()
        event.prevent_default()
        step = {"tab": 1, "n": 1, "down": 1, "shift+tab": -1, "p": -1, "up": -1}.get(event.key)
        sides: dict[str, Side] = {"m": "mine", "t": "theirs", "b": "all", "o": "base"}
        if step is not None:
            self._move(step)
        elif event.key in {"pageup", "pagedown"}:
            scroll = self.query_one(VerticalScroll)
            scroll.scroll_relative(y=scroll.size.height * (-1, 1)[event.key == "pagedown"])
        elif event.key in sides and self._numbers:
            self._sides[self._numbers[self._at]] = sides[event.key]
            self._move(1)
        elif event.character in {"M", "T"}:
            side: Side = "mine" if event.character == "M" else "theirs"
            self._sides = dict.fromkeys(self._numbers, side)
            self._paint()
        elif event.key == "enter":
            self.action_answer("take")
        else:
            for choice in self._words.others:
                if event.key in {choice.key, {"esc": "escape"}.get(choice.key, "")}:
                    self.action_answer(choice.answer)

    def action_answer(self, answer: str) -> None:
        """End it, by key or by mouse; not with a collision that nobody has settled."""
        if answer != "take":
            self.leave(Verdict(answer))
            return
        for place, number in enumerate(self._numbers):
            if self._side(number) is None:
                self._at = place
                self._paint()
                said = "Both changed this part: say whose lines it takes, with m, t, b or o."
                self._why.update(Text(said, "bold reverse"))
                return
        self.leave(Verdict("take", merged(self._parts, self._sides)))

    def _move(self, by: int) -> None:
        if self._numbers:
            self._at = max(0, min(self._at + by, len(self._numbers) - 1))
        self._paint()

    def _side(self, number: int) -> Side | None:
        return self._sides.get(number, self._parts[number].side)

    # What is shown

    def _paint(self) -> None:
        """All parts, the current one in view."""
        self._why.update("")
        text = Text(no_wrap=True, overflow="ellipsis")
        reached = at = 0
        for place, number in enumerate(self._numbers):
            if place == self._at:
                at = reached
            for row in self._rows(place, number):
                text.append_text(row)
                text.append("\n")
                reached += 1
        self._body.update(text)
        self.call_after_refresh(
            self.query_one(VerticalScroll).scroll_to, y=max(0, at - 1), animate=False
        )

    def _rows(self, place: int, number: int) -> Iterator[Text]:
        """One part: its heading, and each side's lines under the name of that side."""
        part, side = self._parts[number], self._side(number)
        pointer = "▶" if place == self._at else " "
        yield Text(
            f"{pointer} {place + 1}/{len(self._numbers)} {self._heading(part, side)}", "bold"
        )
        before = self._parts[number - 1] if number else None
        if before is not None and before.kind == "same":
            yield from _plain(before.mine[-CONTEXT:])
        mine, theirs = self._words.mine, self._words.theirs
        base = _look(self._theme, "removed", chosen=side == "base")
        new = [_look(self._theme, "added", chosen=side in {which, "all"}) for which in _OWN]
        if part.kind == "conflict":
            yield from _named("before", part.base, base)
            yield from _named(mine, part.mine, new[0])
            yield from _named(theirs, part.theirs, new[1])
        else:
            yield from _lines("-", part.base, base)
            yield from _lines("+", part.lines(part.side or "mine"), new[part.kind == "theirs"])
        after = self._parts[number + 1] if number + 1 < len(self._parts) else None
        if after is not None and after.kind == "same":
            yield from _plain(after.mine[:CONTEXT])

    def _heading(self, part: Part, side: Side | None) -> str:
        """Who changed it, and whose lines are taken."""
        mine, theirs = self._words.mine, self._words.theirs
        who = {"mine": mine, "theirs": theirs, "both": f"{mine} and {theirs} alike"}
        taken = {"mine": mine, "theirs": theirs, "all": f"{mine}, then {theirs}", "base": "before"}
        said = f"changed: {who[part.kind]}" if part.kind in who else "changed in two ways"
        choice = taken[side] if side is not None else "choose m, t, b or o"
        return visible(f"line {part.row + 1} · {said} · taken: {choice}")

    def _keys(self) -> Text:
        """The keys, and the answers as links."""
        mine, theirs = self._words.mine, self._words.theirs
        text = Text(f"tab next · m {mine} · t {theirs} · b both · o before · M T all", "dim")
        ends = (Choice("enter", self._words.take, "take"), *self._words.others)
        text.append_text(answer_row(ends))
        return text


_OWN: tuple[Side, Side] = ("mine", "theirs")


def _look(theme: Theme, key: str, *, chosen: bool) -> Style:
    """How a side's lines look; what is not taken is dim."""
    return Style.parse(theme.draft.get(key, "none")) + Style(dim=not chosen)


def _plain(lines: Sequence[str]) -> Iterator[Text]:
    return _lines(" ", lines, Style(dim=True))


def _named(name: str, lines: Sequence[str], style: Style) -> Iterator[Text]:
    """A side of a collision."""
    yield Text(f"    {visible(name)}:", "italic")
    yield from _lines("│", lines, style)


def _lines(mark: str, lines: Sequence[str], style: Style) -> Iterator[Text]:
    """Lines with a mark before each, so that colour is never all that tells."""
    for line in lines[:LONGEST]:
        shown = visible(line[:WIDEST]).replace("\t", "    ")
        yield Text(f"  {mark} ").append(shown, style)
    if len(lines) > LONGEST:
        yield Text(f"  {mark} … {len(lines) - LONGEST} lines more", "dim")
