"""A gap of a few lines for the model in the box: the likeliest lines, side by side.

Samples of a model this small are rarely better than its first choice, so the candidates are what a
beam search finds: the likeliest continuations, and the likeliest that begin as the code around the
gap suggests (with a name that is used below and set nowhere, with `return`, with what opens a
block). All are denoised in one batch over one cached prefix, an id a look. Those that the code
around them bears out come first: likely together with the text after them, and with no fault that
a linter would find.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice, takewhile
from typing import TYPE_CHECKING, NamedTuple

from diffedit.backends import small_fill, small_tuned
from diffedit.backends.small_fill import Gap
from diffedit.core.draft import Piece
from diffedit.engine import doubt, rewrite
from diffedit.engine.backend import Cancelled, Interrupted, heed
from diffedit.engine.canvas_run import as_it_was
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Task
from diffedit.engine.typed import Typing, first, nothing

if TYPE_CHECKING:
    from diffedit.backends.small_denoiser import SmallDenoiser

MOST_LINES = 3
"""A longer gap is denoised in the usual way."""
WIDTH, SIDE_WIDTH = 8, 4
"""Lines that are held at once: of the free ones, and of those that begin in one given way."""
ALIKE = 3
"""Lines that begin with the same token, at most: what is likely at first need not be at the end."""
NAMES = 2
"""Names used below and set nowhere that lines begin with."""
BEHIND = 5.0
"""Nats by which a line that is not whole may be less likely than the best whole one."""
LONG, ENOUGH = 16, 4
"""Steps after which so many whole lines will do: what is longer is hardly ever right."""
RANKED = 8
"""Candidates that are read together with the text after the gap."""
LINE_TOKENS = 40
ROW_READ, ROW_TOKENS = 200, 12
"""Characters of the row below that are looked at, and tokens of it that an answer is read with."""
LONGEST_PAGE = 40_000
"""Characters of a page that is parsed once for every candidate."""
FILLERS = ("    pass", "\tpass", "@x", "x,", "x: x,", "x=x,", "x", "x)", "x]", "x}")
"""What may stand where no statement can: deeper, before a definition, within brackets."""
NOTHING_STANDS = "No line was found that is Python here; this one came nearest."
OPENERS = ("if", "for", "while", "with", "else:", "try:")

_ENDS = re.compile(r"\s*(?:return|raise)[\s(]|\s*(?:break|continue)\b")
"""A line that ends its block. A name may begin like it."""


class _Line(NamedTuple):
    """One line, as far as it has come."""

    nats: float
    """Log p."""
    ids: tuple[int, ...]
    row: int
    """The row that the last id goes on from."""
    way: int | None = None
    """The first id that is not of the lead."""


@dataclass(slots=True)
class _Beam:
    """The lines that begin in one way. It moves."""

    width: int
    live: list[_Line]
    whole: list[_Line] = field(default_factory=list)
    cut: list[_Line] = field(default_factory=list)
    """Lines that grew too long or cannot stand there; worth something only where none is whole."""


class Gaps:
    """Fills one gap."""

    def __init__(
        self, denoiser: SmallDenoiser, task: Task, request: RowsRequest, place: Gap, right: str
    ) -> None:
        """`request` is what the gap is asked for in the usual way; `right` the text after it."""
        self._denoiser, self._task, self._request = denoiser, task, request
        self._place, self._right = place, right
        self._most = min(LINE_TOKENS * place.wanted, request.max_tokens or LINE_TOKENS)
        self._python = task.language.lower() == "python" and not place.inline
        self._depth = depth(task, place)
        self._start = self._depth if place.lead.endswith("\n") else ""
        self._below = below(task, place)
        deeper = len(self._below) - len(self._below.lstrip()) - len(self._depth)
        self._opens = self._python and deeper > 0
        """Whether a block follows that the gap has to open."""
        plain = self._start + ("if x:" if self._opens else "pass")
        self._fixed = self._python and self._stands(plain)
        """Whether a line stands there that is indented as the gap is."""
        if self._python and not self._fixed and self._stands(unit(task) + "pass"):
            self._start = unit(task)
        # What is unfinished elsewhere cannot be judged: nothing whatever would stand there.
        self._judged = self._fixed or (self._python and any(map(self._stands, FILLERS)))
        self._goes_on = self._judged and bool(self._below) and not deeper and place.wanted == 1
        """Whether the block does after the gap, so that the gap cannot end it."""
        self._beams = list[_Beam]()
        for head, width in self._heads():
            ids = tuple(denoiser.encode(place.lead + head)) if head else ()
            self._beams.append(_Beam(width, [_Line(0.0, ids, 0)]))
        self._shown = as_it_was(request.original)
        self._steps = 0
        self._outside: doubt.Outside = {}

    def run(
        self, params: DenoiseParams, cancelled: Cancelled, typing: Typing = nothing
    ) -> Iterator[Event]:
        """Denoise the candidates; the best one first. Raises ModelError or TooLongError."""
        length = self._denoiser.canvas_length
        yield Started(
            seed=params.seed, max_steps=params.max_steps, canvas_length=length, free=length, kept=0
        )
        try:
            self._denoiser.prefill(self._request.prefix, cancelled)
            self._denoiser.start(1)
            parents = [0] * len(self._beams)
            ids = [beam.live[0][1] for beam in self._beams]
            while parents and not self._ended(params.max_steps):
                heed(cancelled)
                ways = self._denoiser.grow(parents, ids, WIDTH + 2)
                self._steps += 1
                parents, ids = self._spread(ways)
                yield self._step()
                if (news := typing()) is not None:
                    yield from self._usual(params, cancelled, first(news, typing))
                    return
            outcome = self._outcome(params.candidates)
            if outcome is None:
                yield from self._usual(params, cancelled, typing)
                return
        except Interrupted:
            text = "".join(piece.text for piece in self._shown)
            outcome = Outcome(
                text=text, stop="cancelled", steps=self._steps, canvases=1, tokens=len(text)
            )
        yield outcome

    # The search --------------------------------------------------------------------------------

    def _ended(self, most: int | None) -> bool:
        """Whether it has gone on for so long as it may, or as it is worth with what it has."""
        whole = sum(len(beam.whole) for beam in self._beams)
        return bool(most and self._steps >= most) or (self._steps >= LONG and whole >= ENOUGH)

    def _heads(self) -> Iterator[tuple[str, int]]:
        """How lines may begin, the free ones first, and how many of each are held."""
        start = self._start
        deeper = start and not self._place.lead.endswith("\n")
        # Byte-level BPE joins the last blank with the word.
        yield (start.removesuffix(" ") if deeper else ""), WIDTH
        if not self._python:
            return
        if self._opens:
            yield from ((start + word, SIDE_WIDTH // 2) for word in OPENERS)
            return
        if not self._goes_on:
            yield f"{start}return", SIDE_WIDTH
        names = islice(small_fill.unset(self._task, self._depth), NAMES)
        yield from ((f"{start}{name} =", SIDE_WIDTH) for name in names)

    def _spread(
        self, ways: Sequence[Sequence[tuple[int, float]]]
    ) -> tuple[list[int], list[tuple[int, ...]]]:
        """The beams an id further: which rows go on, and with what."""
        parents, ids, row = list[int](), list[tuple[int, ...]](), 0
        for beam in self._beams:
            found = list[_Line]()
            for line in beam.live:
                found += [
                    _Line(line.nats + log_p, (*line.ids, token), row, line.way)
                    for token, log_p in ways[row]
                ]
                row += 1
            self._keep(beam, sorted(found, key=lambda line: -line.nats))
            parents += [line.row for line in beam.live]
            ids += [line.ids[-1:] for line in beam.live]
        return parents, ids

    def _keep(self, beam: _Beam, found: Sequence[_Line]) -> None:
        """Of the lines an id further the likeliest; whole ones are put aside."""
        beam.live = []
        alike = Counter(line.way for line in beam.whole)
        for grown in found:
            least = max((one.nats for one in beam.whole), default=grown.nats) - BEHIND
            full = len(beam.live) == beam.width or len(beam.whole) >= beam.width
            if full or grown.nats < least:
                break
            line, ended = self._read(grown)
            if line is None or (line.way is not None and alike[line.way] >= ALIKE):
                continue
            alike[line.way] += 1
            if ended:
                part = self._part(line.ids, whole=True)
                fits = not self._judged or (bool(part.strip()) and self._stands(part))
                (beam.whole if fits else beam.cut).append(line)
            else:
                (beam.live if len(line.ids) < self._most else beam.cut).append(line)

    def _read(self, line: _Line) -> tuple[_Line | None, bool]:
        """A line an id further, and whether it is whole; None for one that leads nowhere."""
        ended = line.ids[-1] in self._denoiser.end_ids
        ids, lead = line.ids[:-1] if ended else line.ids, self._place.lead
        raw = self._text(ids)
        if not raw.startswith(lead) and (ended or not lead.startswith(raw)):
            return None, False
        body = raw[len(lead) :]
        if self._goes_on and _ENDS.match(body):
            return None, False
        if self._fixed and not self._start and body.lstrip("\n")[:1] in {" ", "\t"}:
            return None, False
        begun = line.way is None and len(raw.rstrip(" ")) > len(lead)
        way = line.ids[-1] if begun else line.way
        whole = ended or small_fill.complete(raw, self._place)
        return line._replace(ids=ids, way=way), whole

    def _stands(self, part: str) -> bool:
        """Whether what is around the gap parses with this in it."""
        task, place = self._task, self._place
        page = task.before + place.own + part + place.end + task.after
        return len(page) > LONGEST_PAGE or doubt.stands(page, task.before.count("\n") + 1)

    def _text(self, ids: Sequence[int]) -> str:
        return "".join(self._denoiser.decode(ids))

    def _part(self, ids: Sequence[int], *, whole: bool) -> str:
        """What of a raw line goes into the page."""
        raw = self._text(ids)
        return raw[slice(*small_fill.extent(raw, self._place, whole=whole))]

    def _step(self) -> Step:
        """The likeliest line so far; what all free lines agree on has settled."""
        beam = self._beams[0]
        lines = beam.live or beam.whole
        slots = zip(*(line.ids for line in lines), strict=False)
        agreed = sum(1 for _ in takewhile(lambda slot: len(set(slot)) == 1, slots))
        best = max(lines, key=lambda line: line.nats).ids if lines else ()
        pieces = tuple(
            Piece(text, "accepted" if slot < agreed or not beam.live else "noise")
            for slot, text in enumerate(self._denoiser.decode(best))
        )
        raw = "".join(piece.text for piece in pieces)
        self._shown = small_fill.picture(
            pieces, self._place, small_fill.extent(raw, self._place)
        ) or as_it_was(self._request.original)
        return Step(
            canvas=1,
            step=self._steps,
            canvas_step=self._steps,
            pieces=self._shown,
            accepted=agreed / len(best) if best else 0.0,
            temperature=0.0,
            mean_entropy=0.0,
        )

    # The answers -------------------------------------------------------------------------------

    def _usual(
        self, params: DenoiseParams, cancelled: Cancelled, typing: Typing
    ) -> Iterator[Event]:
        """The gap filled in the usual way: the search came to nothing, or was typed into."""
        for event in rewrite.rows(self._denoiser, self._request, params, cancelled, typing):
            if isinstance(event, Step):
                yield replace(event, step=event.step + self._steps)
            elif isinstance(event, Outcome):
                yield replace(event, steps=event.steps + self._steps)

    def _outcome(self, wanted: int | None) -> Outcome | None:
        """The candidates in order; None where there is none."""
        found = dict[str, float]()
        lines = [line for beam in self._beams for line in beam.whole]
        whole = bool(lines)
        for beam in () if whole else self._beams:
            lines += [*beam.cut, *beam.live]
        for line in lines:
            part = self._part(line.ids, whole=whole)
            if part.strip():
                found[part] = max(line.nats, found.get(part, line.nats))
        if not found:
            return None
        against = {part: self._against(part) for part in found}
        parts = sorted(found, key=lambda part: against[part] - found[part])[:RANKED]
        likely = dict(zip(parts, self._together(parts), strict=True))
        parts.sort(key=lambda part: against[part] - likely[part])
        texts = [self._place.own + part + self._place.end for part in parts[:wanted]]
        lengths = [len(self._denoiser.encode(part)) for part in parts]
        note = "The model changed nothing." if texts[0] == self._task.text else ""
        note = note or (NOTHING_STANDS if self._judged and not whole else "")
        return Outcome(
            text=texts[0],
            stop="end" if whole else "steps",
            steps=self._steps,
            canvases=1,
            tokens=lengths[0],
            alternatives=tuple(texts[1:]),
            note=note,
            lengths=tuple(dict.fromkeys(lengths)) if len(set(lengths)) > 1 else (),
        )

    def _against(self, part: str) -> float:
        """Nats that speak against a candidate, whatever the model says."""
        task, place = self._task, self._place
        if task.language.lower() != "python":
            return 0.0
        remark = part.lstrip().startswith("#") and not place.prose
        text = place.own + part + place.end
        page = task.before + text + task.after
        if len(page) > LONGEST_PAGE:
            return 100.0 * remark
        count = doubt.faults(page, task.before.count("\n") + 1, self._outside)
        return 100.0 * remark + (200.0 if count is None else doubt.NATS * count)

    def _together(self, parts: Sequence[str]) -> list[float]:
        """Log p of each candidate with the text after the gap, in nats."""
        denoiser, place = self._denoiser, self._place
        rows = [denoiser.encode(place.lead + part + place.end + self._right) for part in parts]
        return denoiser.likelihoods([row[: denoiser.room] for row in rows])


def below(task: Task, place: Gap) -> str:
    """The first row after a gap that is not blank; "" for none."""
    after = task.after if place.newline else task.after.partition("\n")[2]
    return next((row for row in after.split("\n") if row.strip()), "")


def depth(task: Task, place: Gap) -> str:
    """The indentation of a gap: what stands there, or what the line above asks for."""
    above, _, line = task.before.rpartition("\n")
    there = place.own or line or task.text.rstrip("\n")
    if there and not there.strip():
        return there
    row = next((row for row in reversed(above.split("\n")) if row.strip()), "")
    return row[: len(row) - len(row.lstrip())] + unit(task) * row.rstrip().endswith(":")


def unit(task: Task) -> str:
    """What a block of this page is indented by: the least that any row near the gap is."""
    rows = (*task.before.split("\n")[-200:], *task.after.split("\n")[:200])
    found = {row[: len(row) - len(row.lstrip())] for row in rows if row.strip()} - {""}
    if any(one.startswith("\t") for one in found):
        return "\t"
    # A single blank is prose that is lined up.
    return min((one for one in found if len(one) > 1), key=len, default="    ")


def tuned_fits(task: Task, place: Gap) -> bool:
    """Whether the adapter for gaps has been trained on the like: whole lines of Python."""
    return task.language.lower() == "python" and not place.inline and bool(task.after.strip())


def tuned(
    denoiser: SmallDenoiser, task: Task, request: RowsRequest, place: Gap
) -> tuple[RowsRequest, str]:
    """What the tuned model is asked, and how the text goes on after the gap.

    It has read the text after the gap: that is the first thing in its prompt.
    """
    after, most = task.after.removeprefix("\n"), small_tuned.GAP_SIDES
    prefix = _prompt(denoiser, place.prompt, after, most)
    while len(prefix) > denoiser.context_length // 2 and all(most):
        most = most[0] // 2, most[1] // 2
        prefix = _prompt(denoiser, place.prompt, after, most)
    begin = task.after[: len(task.after) - len(after)]
    # Only so much of what follows has been learnt, and a line may be as long as a file.
    first = denoiser.encode(after[:ROW_READ].partition("\n")[0])[:ROW_TOKENS]
    return replace(request, prefix=tuple(prefix)), begin + "".join(denoiser.decode(first))


def _prompt(denoiser: SmallDenoiser, before: str, after: str, most: tuple[int, int]) -> list[int]:
    return small_tuned.gap_prompt(*small_tuned.near(before, after, most), denoiser.encode)


def fits(place: Gap, params: DenoiseParams) -> bool:
    """Whether a gap is one that is filled in this way."""
    return 0 < place.wanted <= MOST_LINES and not params.seed
