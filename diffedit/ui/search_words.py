"""How a search stands, in words."""

from __future__ import annotations

from diffedit.core.search import Place
from diffedit.core.span import Span
from diffedit.core.text import Text
from diffedit.ui.matches import MOST, Matches


def count_in_words(matches: Matches, at: Place, note: str) -> tuple[str, bool]:
    """The count as "3 of 17", and whether it is bad news. `note` is what else happened."""
    if not matches.query.pattern:
        return note, False
    number = matches.number(at)
    if matches.complete and not matches.total:
        said = "No match"
    elif number:
        said = f"{number} of {matches.total}"
    elif matches.complete:
        said = "1 match" if matches.total == 1 else f"{matches.total} matches"
    elif matches.capped:
        said = f"over {MOST} matches"
    else:
        said = f"{matches.total} … counting"
    bad = matches.complete and not matches.total and not note
    return f"{said} · {note}" if note else said, bad


def scope_in_words(text: Text, scope: Span | None, *, confined: bool) -> str:
    """Where it looks, when something was selected."""
    if scope is None:
        return ""
    first, last = (text.location(at)[0] + 1 for at in (scope.start, scope.end))
    return f"in lines {first}–{last}" if confined else "in selection"
