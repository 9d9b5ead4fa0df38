"""What a command needs of the model, in one table: what it lacks is dimmed, and said why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from rich.text import Text

if TYPE_CHECKING:
    from diffedit.engine.backend import Abilities


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """One of these abilities is enough; without any, `why` is said, and `short` stands beside."""

    abilities: tuple[str, ...]
    short: str
    why: str


_HEAT = Need(
    abilities=("entropy", "score"),
    short="tells no doubt",
    why="This model does not say how sure it is of a token.",
)
_CHOICE = Need(
    abilities=("score",),
    short="tells no alternatives",
    why="This model tells no alternatives for a token.",
)
NEEDS: Mapping[str, Need] = {
    "fill": Need(
        abilities=("infill",), short="fills no gaps", why="This model cannot fill in a gap."
    ),
    "proofread": Need(
        abilities=("score",), short="scores no text", why="This model cannot score a text."
    ),
    "steps": Need(
        abilities=("frames",),
        short="shows no steps",
        why="This model shows no steps, so there is nothing to go back to.",
    ),
    "fork": Need(
        abilities=("warm_start",),
        short="starts from nothing",
        why="This model always starts from nothing, so no step can be forked.",
    ),
    "prompt_strength": Need(
        abilities=("warm_start",),
        short="starts from nothing",
        why="This model always starts from nothing: it has no strength to set.",
    ),
    "image": Need(abilities=("images",), short="sees no images", why="This model sees no images."),
    **dict.fromkeys(("heat", "next_unsure", "previous_unsure"), _HEAT),
    **{f"choice_{number}": _CHOICE for number in range(1, 9)},
}
"""By command; "image" is the naming of a picture in the prompt bar."""


def lacking(command: str, abilities: Abilities | None) -> Need | None:
    """What this model lacks for a command; None where it can, or where no model is loaded yet."""
    need = NEEDS.get(command)
    if need is None or abilities is None:
        return None
    return None if any(getattr(abilities, name) for name in need.abilities) else need


def why_not(command: str, abilities: Abilities | None) -> str:
    """Why this model cannot, as a sentence; empty where it can."""
    need = lacking(command, abilities)
    return need.why if need else ""


@dataclass(frozen=True, slots=True)
class Offer:
    """A key and what it does here; dimmed where it does nothing, with the reason."""

    key: str
    does: str
    reason: str = ""
    dimmed: bool = False

    def text(self) -> Text:
        """As it stands in a bar."""
        if self.dimmed:
            said = f": {self.reason}" if self.reason else ""
            return Text(f"  {self.key} {self.does}{said}", "dim")
        return Text("  ").append(self.key, "bold").append(f" {self.does}")


def offer(key: str, does: str, command: str, abilities: Abilities | None) -> Offer:
    """A key of a command, dimmed where this model lacks what it needs."""
    need = lacking(command, abilities)
    return Offer(key, does, need.short if need else "", dimmed=need is not None)


def fitting(offers: Iterator[Offer], width: int, *, always: str = "") -> Text:
    """The offers that fit into so many cells, in order.

    Where room lacks, the reasons go first (the key itself says them), then what is dimmed.
    """
    found = list(offers)
    while sum(one.text().cell_len for one in found) > width:
        said = next((at for at in reversed(range(len(found))) if found[at].reason), None)
        if said is not None:
            found[said] = replace(found[said], reason="")
            continue
        rest = [one for one in found if one.key != always]
        if not rest:
            break
        found.remove(next((one for one in reversed(rest) if one.dimmed), rest[-1]))
    return Text().join(one.text() for one in found)
