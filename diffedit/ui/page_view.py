"""A core Document in the shape that TextArea asks for: one truth, seen from two sides."""

from __future__ import annotations

from textual.document._document import DocumentBase, EditResult, Location
from textual.document._edit import Edit
from textual.document._history import EditHistory
from textual.geometry import Size

from diffedit.core.change import Change, ChangeSet
from diffedit.core.document import Document
from diffedit.core.show import visible
from diffedit.core.span import Selection, Span
from diffedit.ui.cells import width_before


def shown(line: str) -> str:
    """A line as it is painted: one harmless character for each of its own, tabs kept."""
    return visible(line)


class PageView(DocumentBase):
    """The page as TextArea sees it. It holds no text: `lines` is the page's own list."""

    def __init__(self, page: Document) -> None:
        self.page = page

    def replace_range(
        self,
        start: Location,
        end: Location,
        text: str,
        *,
        group: str = "",
        selection: Selection | None = None,
    ) -> EditResult:
        """Replace a stretch of the page, through the page's one door."""
        span = self.span(start, end)
        replaced = self.page.text.slice(span)
        if text != replaced:
            changes = ChangeSet((Change(span, text),))
            self.page.apply(changes, group=group, selection=selection)
        return EditResult(self.page.text.location(span.start + len(text)), replaced)

    def span(self, start: Location, end: Location) -> Span:
        """The span between two places, in any order; places beyond the text are drawn in."""
        first, last = sorted((self.nearest(start), self.nearest(end)))
        return self.page.text.span(first, last)

    def nearest(self, place: Location) -> Location:
        """The place itself, or the nearest one that exists."""
        row, column = place
        if row >= len(self.lines):
            return self.end
        if row < 0:
            return 0, 0
        return row, max(0, min(column, len(self.lines[row])))

    @property
    def text(self) -> str:
        """All of the text."""
        return str(self.page.text)

    @property
    def newline(self) -> str:  # type: ignore[override]
        """What separates lines here; files keep their own on disk."""
        return "\n"

    @property
    def lines(self) -> list[str]:
        """The page's own list of lines."""
        return self.page.text.lines

    def get_line(self, index: int) -> str:
        """One line, as it is."""
        return self.lines[index]

    def get_text_range(self, start: Location, end: Location) -> str:
        """The text between two places."""
        return self.page.text.slice(self.span(start, end))

    def get_size(self, indent_width: int) -> Size:
        """The cells that the page takes when nothing is wrapped."""
        return Size(widest(self.lines, indent_width), len(self.lines))

    @property
    def line_count(self) -> int:
        """How many lines there are; at least one."""
        return len(self.lines)

    @property
    def start(self) -> Location:
        """The first place."""
        return 0, 0

    @property
    def end(self) -> Location:
        """The last place."""
        return len(self.lines) - 1, len(self.lines[-1])

    def __getitem__(self, line_index: int | slice) -> str | list[str]:  # type: ignore[override]
        """A line, or a slice of lines."""
        return self.lines[line_index]


def widest(lines: list[str], tab: int) -> int:
    """The cells of the widest of `lines`."""
    plain, rest = 0, 0
    for line in lines:
        if line.isascii() and "\t" not in line:
            plain = max(plain, len(line))
        else:
            rest = max(rest, width_before(shown(line), len(line), tab))
    return max(plain, rest)


class PageHistory(EditHistory):
    """Stands where TextArea keeps its own history, and passes the end of a group on to the page."""

    def __init__(self, page: Document) -> None:
        super().__init__(max_checkpoints=1, checkpoint_timer=0, checkpoint_max_characters=0)
        self.page = page

    def checkpoint(self) -> None:
        """The cursor was moved: what is typed next is a step of its own."""
        self.page.break_group()

    def record(self, edit: Edit) -> None:
        """The page has recorded it already."""

    def clear(self) -> None:
        """The page's history is the page's own."""
