"""The desk for searching: walks through matches, counts them, replaces them, finds the way back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable

from diffedit.core import search
from diffedit.core.change import ChangeSet
from diffedit.core.document import Document
from diffedit.core.errors import RequestError
from diffedit.core.search import Found, Place, Query, Scope
from diffedit.core.span import Selection, Span
from diffedit.ui.looker import Looker
from diffedit.ui.matches import BLOCK, Matches
from diffedit.ui.search_bar import SearchBar, Standing
from diffedit.ui.search_words import count_in_words, scope_in_words
from diffedit.ui.stage import Severity, Stage

SETTLED = 0.15
"""Seconds without a change after which all of the page is counted."""
TELL_EVERY = 0.1
"""Seconds between two counts on the bar."""


class Searching:
    """Ctrl+f and all that follows from it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._page = Document()
        self._matches = Matches(self._page.text.lines, Query(pattern=""), Looker(), None)
        self._origin = Selection.at(0)
        self._scrolled = 0
        self._stays = False
        self._scope: Span | None = None
        self._confined = False
        self._at: Found | None = None
        self._note = ""
        self._problem = ""
        self._turn = asyncio.Lock()

    @property
    def _bar(self) -> SearchBar:
        return self._stage.window.search

    # Open and close ----------------------------------------------------------------------------

    def find(self) -> None:
        """Ctrl+f: open the bar, or come back to it."""
        self._open()
        self._focus(replacement=False)

    def replace(self) -> None:
        """Alt+r: the bar with the line for the replacement."""
        known = self._bar.display or not self._stage.window.editor.selection.is_empty
        self._open()
        self._bar.replacing = True
        self._focus(replacement=known and bool(self._bar.pattern.value))

    def other_field(self) -> None:
        """Tab: to the other line."""
        self._bar.replacing = True
        self._focus(replacement=self._bar.pattern.has_focus)

    def close(self) -> None:
        """Esc: away with the bar; back to where it was, unless one walked on purpose."""
        self._forget()
        self._bar.display = False
        self._bar.replacing = False
        editor = self._stage.window.editor
        if not self._stays and editor.page is self._page:
            self._go_back()
            editor.scroll_to(y=self._scrolled, animate=False)
        self._stage.window.focus_on(editor)

    def escape(self, *, anyway: bool = False) -> bool:
        """Close the bar if the keys go to it, or if it is there at all; whether it did."""
        close = self._bar.display if anyway else self._bar.in_use
        if close:
            self.close()
        return close

    def _open(self) -> None:
        """Show the bar; what is selected is what is looked for, or where."""
        if self._bar.display:
            return
        self._bar.display = True
        self._begin()
        span = self._page.selection.span
        chosen = self._page.text.slice(span)
        if "\n" in chosen:
            self._scope, self._confined = span, True
        elif chosen.isprintable() and chosen and len(chosen) < BLOCK:
            self._bar.pattern.value = chosen
        self._restart(move=False)

    def _begin(self) -> None:
        """Stand on the page that is shown."""
        editor = self._stage.window.editor
        self._forget()
        self._page = editor.page
        self._page.watchers.append(self._page_changed)
        self._origin, self._scrolled = self._page.selection, editor.scroll_offset.y
        self._stays, self._scope, self._confined, self._at = False, None, False, None

    def _forget(self) -> None:
        """Let go of the page."""
        self._matches.stop()
        if self._page_changed in self._page.watchers:
            self._page.watchers.remove(self._page_changed)
        self._stage.window.editor.show_matches(None)

    def _focus(self, *, replacement: bool) -> None:
        """The keys go to one of the fields, with all of it selected."""
        field = self._bar.replacement if replacement else self._bar.pattern
        self._stage.window.focus_on(field)
        field.select_all()

    # Look --------------------------------------------------------------------------------------

    def typed(self) -> None:
        """The pattern, an option or the page is another: look from where the search began."""
        if not self._bar.display:
            return
        if self._stage.window.editor.page is not self._page:
            self._begin()
            self._restart(move=False)
        elif self._matches.query != self._bar.query_asked:
            self._restart(move=True)

    def turn(self, option: str) -> None:
        """Change how it is compared."""
        self._bar.turn(option)
        self.typed()

    def turn_scope(self) -> None:
        """Look in what was selected only, or everywhere."""
        self._confined = self._scope is not None and not self._confined
        self._restart(move=True)

    def _restart(self, *, move: bool) -> None:
        """Look for what the bar asks for, what is on the screen first."""
        matches = self._fresh(self._bar.query_asked)
        self._stage.window.editor.show_matches(self._row)
        self._tell()
        if matches.query.pattern:
            self._start(self._hunt(matches, move=move), matches)
        elif move:
            self._go_back()

    def _fresh(self, query: Query) -> Matches:
        """Matches of which nothing is known yet, in the place of those that are."""
        self._matches.stop()
        self._problem = self._note = ""
        text, scope = self._page.text, None
        if self._confined and self._scope is not None:
            scope = Scope(text.location(self._scope.start), text.location(self._scope.end))
        self._matches = Matches(text.lines, query, self._bar.looker, scope)
        return self._matches

    def _start(self, work: Awaitable[object], matches: Matches) -> None:
        """Do it beside the typing; a faulty expression is said on the bar."""
        self._stage.start(self._guard(work, matches))

    async def _guard(self, work: Awaitable[object], matches: Matches) -> None:
        try:
            await work
        except RequestError as error:
            if matches.stopped() and matches is not self._matches:
                return
            matches.stop()
            self._problem = str(error)
            self._tell_aloud(self._problem, "error")

    async def _hunt(self, matches: Matches, *, move: bool) -> None:
        """The rows on the screen, the first match, then all that there is."""
        editor = self._stage.window.editor
        first, end = editor._seen_rows()
        for number in range(first // BLOCK, (end - 1) // BLOCK + 1):
            await matches.block(number)
        if matches.stopped():
            return
        editor.show_matches(self._row)
        if move:
            place = self._page.text.location(self._origin.span.start)
            hit = await matches.following(place, after=False)
            if matches.stopped():
                return
            if hit is None:
                self._go_back()
            else:
                self._select(hit)
        self._tell()
        await asyncio.sleep(SETTLED)
        told = time.monotonic()

        def tell(number: int) -> None:
            nonlocal told
            first, end = editor._seen_rows()
            if first < (number + 1) * BLOCK and end > number * BLOCK:
                editor.refresh()
            if time.monotonic() - told > TELL_EVERY:
                told = time.monotonic()
                self._tell()

        if not matches.stopped():
            await matches.count(first, tell)
            self._tell()

    def _row(self, row: int) -> list[tuple[int, int]]:
        """The matches in a row, to be painted."""
        matches = self._matches
        found = matches.row(row)
        if found is None and matches.capped and not matches.stopped():
            self._start(self._fill(matches, row // BLOCK), matches)
        return [(hit.start, hit.end) for hit in found or () if hit.end > hit.start]

    async def _fill(self, matches: Matches, number: int) -> None:
        """Where nothing was counted any more, look at what is scrolled to."""
        if matches.row(number * BLOCK) is None:
            await matches.block(number)
            self._stage.window.editor.refresh()

    # Walk --------------------------------------------------------------------------------------

    async def step(self, by: int) -> None:
        """To the next match, or the one before; with nothing to look for, open the bar."""
        if not self._bar.pattern.value:
            self.find()
            return
        self._stays = True
        if self._bar.in_use:
            self.typed()
        await self._guard(self._step(by), self._matches)

    async def _step(self, by: int) -> None:
        async with self._turn:
            matches = self._known()
            start, end = self._here()
            at = self._at is not None and self._at.place == start
            if by > 0:
                hit = await matches.following(start, after=at or start != end)
            else:
                hit = await matches.preceding(start)
            if matches.stopped():
                return
            self._note = ""
            if hit is None:
                self._tell_aloud("no match", "warning")
                return
            if (hit.place <= start) if by > 0 else (hit.place >= start):
                self._note = "round to the top" if by > 0 else "round to the end"
            self._select(hit)
            self._tell_aloud(self._note, "information")

    def _known(self) -> Matches:
        """The matches in the page as it is; anew where the bar is closed and keeps no watch."""
        if not self._bar.display:
            self._page = self._stage.window.editor.page
            self._scope = None
            self._fresh(self._bar.query_asked)
        return self._matches

    def _here(self) -> tuple[Place, Place]:
        """The selection in rows and columns."""
        span = self._page.selection.span
        return self._page.text.location(span.start), self._page.text.location(span.end)

    def _select(self, hit: Found) -> None:
        """Stand on a match."""
        self._at = hit
        editor = self._stage.window.editor
        span = self._page.text.span(hit.place, (hit.row, hit.end))
        editor.select_span(span)
        editor.reveal(span)

    def _go_back(self) -> None:
        """To where the search began."""
        editor, text = self._stage.window.editor, self._page.text
        span = self._origin.span
        self._at = None
        editor.select_span(Span(min(span.start, len(text)), min(span.end, len(text))))

    # Replace -----------------------------------------------------------------------------------

    async def enter(self) -> None:
        """Enter: to the next match; in the line for the replacement, replace this one first."""
        if self._bar.replacement.has_focus:
            await self.replace_one()
        else:
            await self.step(1)

    async def replace_one(self) -> None:
        """Replace the match that the cursor is on, and go to the next."""
        self._stays = True
        self.typed()
        await self._guard(self._replace_one(), self._matches)
        await self.step(1)

    async def _replace_one(self) -> None:
        (row, start), (last, end) = self._here()
        page, template = self._page, self._bar.replacement.value
        revision, lines = page.revision, page.text.lines[row : row + 1]
        query = self._matches.query
        found = await self._bar.looker.look(query, lines, first=row, template=template)
        hits = [hit for hit in found if (hit.start, row, hit.end) == (start, last, end)]
        if not hits or page.revision != revision or self._refused():
            return
        changes = search.changes(page.text, hits)
        reached = next(changes.new_spans()).end
        page.apply(changes, selection=Selection.at(reached))
        self._at = None

    async def replace_all(self) -> None:
        """Replace every match, as one step to take back."""
        self._stays = True
        self.typed()
        await self._guard(self._replace_all(), self._matches)

    async def _replace_all(self) -> None:
        page, matches = self._page, self._matches
        revision, found = page.revision, list[Found]()
        async for hits in matches.replacing(self._bar.replacement.value):
            found += hits
        if not found or matches.stopped() or page.revision != revision or self._refused():
            return
        page.apply(search.changes(page.text, found))
        self._at = None
        self._note = f"{len(found)} replaced · ctrl+z takes it back"
        self._tell()

    def _refused(self) -> bool:
        """Whether the page may not be changed."""
        return self._stage.window.editor.read_only

    def _page_changed(self, changes: ChangeSet) -> None:
        """The text is another: what is known of it is not."""
        self._origin = Selection(
            changes.carry_position(self._origin.anchor, after=True),
            changes.carry_position(self._origin.head, after=True),
        )
        if self._scope is not None:
            self._scope = changes.carry(self._scope)
        self._restart(move=False)

    # Say ---------------------------------------------------------------------------------------

    def moved(self) -> None:
        """The cursor is elsewhere: it may be on another match."""
        if self._bar.display:
            self._tell()

    def _tell(self) -> None:
        """How it stands, on the bar."""
        if not self._bar.display:
            return
        count, fault = self._problem, True
        if not self._problem:
            count, fault = count_in_words(self._matches, self._here()[0], self._note)
        scope = scope_in_words(self._page.text, self._scope, confined=self._confined)
        self._bar.show(
            Standing(
                count=count,
                fault=fault,
                scope=scope,
                confined=self._confined,
                stays=self._stays,
            )
        )

    def _tell_aloud(self, what: str, severity: Severity) -> None:
        """On the bar, or in the corner where there is no bar."""
        self._tell()
        if what and not self._bar.display:
            self._stage.say(f"Search: {what}", severity)

    async def go_to_line(self) -> None:
        """Ctrl+g."""
        from diffedit.ui import go_to  # noqa: PLC0415 - when it is asked for

        await go_to.go_to_line(self._stage)
