"""What an edit is aimed at on the page: the selection, the block, or the places of all cursors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from diffedit.core.span import Span
from diffedit.core.stretch import joined
from diffedit.ui.spans import without_last_newline

if TYPE_CHECKING:
    from diffedit.ui.buffers import Buffer
    from diffedit.ui.stage import Stage

Places = tuple[Span, ...]
"""In reading order, apart from one another; one, or several that are denoised at once."""


def chosen(stage: Stage, *, block: bool) -> Places:
    """What is selected; with `block`, the block around a cursor that has selected nothing.

    Of several cursors, each that has selected nothing stands for its line.
    """
    buffer, editor = stage.buffers.current, stage.window.editor
    first, *others = editor.selected_spans()
    if others:
        text = buffer.page.text
        spans = (
            text.rows(*[text.location(span.start)[0]] * 2)
            if span.empty
            else without_last_newline(buffer, span)
            for span in (first, *others)
        )
        places = joined((span.start, span.end) for span in spans)
        if len(places) > 1:
            return tuple(Span(*place) for place in places)
        first = Span(*places[0]) if places else first
    if first.empty and block:
        first = editor.block_span()
    return (without_last_newline(buffer, first),)


def show(stage: Stage, places: Places) -> None:
    """Select what is aimed at, to be seen before it is used; it all comes back if nothing comes."""
    buffer, editor = stage.buffers.current, stage.window.editor
    before, others = buffer.page.selection, tuple(editor.others)
    aim, scroll = buffer.aim, editor.scroll_offset.y
    if aim is not None and stage.window.prompt.display and before.span == aim.places[-1]:
        # Asked twice for the same span: what stood before is what stood before the first.
        before, others = aim.before, aim.others
        scroll = aim.scroll if aim.scroll is not None else scroll
    span = Span(places[0].start, places[-1].end)
    aim = buffer.take_aim(span, before)
    aim.places, aim.others, aim.scroll = places, others, scroll
    editor.select_spans(places)
    # Once the bar is there: it takes rows from the page.
    editor.call_after_refresh(editor.reveal, span)


def about(buffer: Buffer, places: Places) -> str:
    """Places in words: "lines 12–18 of shop.py", "3 places in lines 2–40 of shop.py"."""
    text = buffer.page.text
    start, end = places[0].start, places[-1].end
    first, column = text.location(start)
    last = text.location(end)[0]
    if start == end:
        return f"at {first + 1}:{column + 1} of {buffer.name}"
    lines = f"line {first + 1}" if first == last else f"lines {first + 1}–{last + 1}"
    several = f"{len(places)} places in " if len(places) > 1 else ""
    return f"{several}{lines} of {buffer.name}"
