"""The seams: a Backend is anything that can rewrite, a Denoiser a token model under the engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from diffedit.core.heat import Scored
    from diffedit.engine.canvas import Canvas, Fresh
    from diffedit.engine.params import DenoiseParams
    from diffedit.engine.step import Event
    from diffedit.engine.task import Task
    from diffedit.engine.typed import Typing

Noise = Literal["uniform", "mask", "causal"]
"""What an unsettled slot holds: a random token, the mask token, or the model's own guess."""

Stage = Literal["find", "read", "place", "warm"]
Report = Callable[[Stage, int, int], None]
"""report(stage, done, total): how far loading has come, in bytes or parts."""

Cancelled = Callable[[], bool]
"""Asked between steps; True ends the run with the last picture. Once true, it stays true."""


def never() -> bool:
    """Nobody cancels."""
    return False


class Interrupted(Exception):  # noqa: N818 - no error: what was asked for
    """Raised by a denoiser that heard the cancel in the middle of a look; the run ends there."""


def heed(cancelled: Cancelled) -> None:
    """Raise Interrupted once the run is cancelled."""
    if cancelled():
        raise Interrupted


def in_common(one: Sequence[int], other: Sequence[int]) -> int:
    """How many ids two texts begin with alike: what a cache of the one saves of the other."""
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if left != right:
            return place
    return min(len(one), len(other))


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a loaded model can do. The screen asks this, never the model's name."""

    noise: Noise | None = None
    """None: the backend does not say (a remote model)."""
    frames: bool = True
    """Shows its steps; False: the text comes at once."""
    entropy: bool = False
    clamp: bool = False
    """Can hold parts of the span (`Task.keep`)."""
    warm_start: bool = False
    """`noise` below 1 means something."""
    seed: bool = True
    thinking: bool = False
    """Has a reasoning channel."""
    infill: bool = True
    score: bool = False
    """Can say of a text how sure it is of each token, and what else might stand there."""
    images: bool = False
    typing: bool = False
    """Takes what a person types into its canvas while it denoises (`TypingBackend`)."""
    canvas_length: int = 256
    max_steps: int | None = None
    context_length: int = 0
    """Tokens of prompt and canvas together; 0: unknown."""
    scripted: bool = False
    """Plays written frames. The screen says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """What one forward pass says of a canvas: three lists, an entry a slot. No logits."""

    sampled: Sequence[int]
    argmax: Sequence[int]
    entropy: Sequence[float]
    """In nats, at the step's temperature."""
    confidence: Sequence[float] = ()
    """How sure each sampled id is by the family's own measure; empty: by the entropy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a step taken on the device says of it: three lists, an entry a slot. No logits."""

    argmax: Sequence[int]
    entropy: Sequence[float]
    """In nats, at the step's temperature."""
    accepted: Sequence[bool]
    """True where the slot holds its sampled token now; the others hold new noise."""


Reading = Callable[[], Seen]
"""Wait for a step that was set off, and read it. Called once a step, in order."""


class Denoiser(Protocol):
    """A token model with its cache and self-conditioning: one of the two things that move."""

    noise: Noise
    vocabulary: int
    canvas_length: int
    context_length: int
    mask_id: int | None
    end_ids: frozenset[int]

    def encode(self, text: str) -> list[int]:
        """Text to ids, markers in the text being plain text."""

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One string a slot; they join to the text of all ids (a split character: last slot)."""

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Make the prefix exactly `ids`, reusing the longest cached beginning.

        A long one is read in parts; `cancelled` is asked between them, and may end it early.
        """

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """Look at the canvas once, after the prefix. Temperature 0 samples the argmax."""

    def commit(self, ids: Sequence[int]) -> None:
        """A finished stretch joins the prefix."""


@runtime_checkable
class DeviceDenoiser(Denoiser, Protocol):
    """A Denoiser that keeps the canvas beside its logits, and samples and renoises it there.

    The engine still decides: how warm a step is, how much it may accept, when it is enough.
    """

    ahead: bool
    """A step may be set off before the one before it was read: the device works meanwhile."""

    def place(self, canvas: Canvas) -> None:
        """Begin with this canvas; kept slots are held from here on, at every step.

        A warm slot that is not accepted keeps what it holds, and what the model remembers of
        the step before is seeded with it.
        """

    def step(self, temperature: float, entropy_bound: float) -> Reading:
        """Set off one step: predict, accept under the bound, renoise the rest."""

    def take_back(self) -> None:
        """The step set off last will not be read: noise goes on as if it had never been."""


@runtime_checkable
class BatchDenoiser(Denoiser, Protocol):
    """A Denoiser that can look at several canvases at once."""

    def weigh(
        self, canvases: Sequence[Canvas], slots: Sequence[Sequence[int]], temperature: float
    ) -> list[list[float]]:
        """The entropy, in nats, of these slots of each canvas, after one look at all of them."""


class Batch(Protocol):
    """Rows of canvases that a DeviceDenoiser denoises in one pass over what it has read.

    Each row has noise of its own: it becomes what its seed alone gives, up to the rounding of a
    pass over more rows.
    """

    @property
    def denoiser(self) -> Denoiser:
        """Whose prefix and cache it is."""

    def most(self, own: int) -> int:
        """How many rows, 1 at least, may go side by side up to `own` committed tokens of each."""

    def begin(self, seeds: Sequence[int]) -> list[Fresh]:
        """A row a seed, numbered from 0; gives where each one's noise comes from."""

    def place(self, row: int, canvas: Canvas) -> None:
        """This row begins with this canvas, as `DeviceDenoiser.place`."""

    def step(
        self, rows: Sequence[int], temperatures: Sequence[float], entropy_bound: float
    ) -> list[Seen]:
        """One step of these rows as `DeviceDenoiser.step`, in one pass; the others rest."""

    def commit(self, row: int, ids: Sequence[int]) -> None:
        """A finished canvas of this row joins what it has of its own after the prefix."""

    def drop(self, row: int) -> None:
        """This row is done; nothing of it need be kept."""

    def restart(self) -> None:
        """No row has anything of its own after the prefix; their noise goes on."""


class CausalDenoiser(Protocol):
    """A model that reads left to right, asked about several rows (candidates) at once.

    `prefill` and `start` make the rows; every row has the same prefix then and grows by
    itself. Rows are numbered 0 to rows-1 in the order of the last `start` or `keep_rows`.
    """

    noise: Noise
    vocabulary: int
    canvas_length: int
    context_length: int
    end_ids: frozenset[int]

    def encode(self, text: str) -> list[int]:
        """Text to ids, markers in the text being plain text."""

    def decode(self, ids: Sequence[int]) -> list[str]:
        """One string a slot; they join to the text of all ids (a split character: last slot)."""

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """Make the prefix exactly `ids`, reusing the longest cached beginning.

        A long one is read in parts; `cancelled` is asked between them, and may end it early.
        """

    def start(self, rows: int, heads: Sequence[Sequence[int]] = ()) -> list[int]:
        """Branch the prefilled prefix into `rows` candidates; what rows there were is forgotten.

        Row r is to begin with `heads[r]`. Returns how many of these ids, never the last one, have
        joined its prefix by themselves because the model has read them already; 0 is always right.
        """

    def predict_rows(
        self,
        canvases: Sequence[Sequence[int]],
        temperatures: Sequence[float],
        noise_seeds: Sequence[int],
    ) -> list[Prediction]:
        """Look at every row's canvas once: n guesses (0 is allowed) give n + 1 predictions.

        Slot i of row r is predicted from the row's prefix and its guesses 0 to i-1, so the last
        slot lies just past the guesses. Canvases may differ in length. `sampled` is the choice:
        at temperature 0 the argmax; above it argmax(logits / temperature + Gumbel noise keyed
        by (noise seed, absolute position)), the same noise at every call, so that the choice
        depends on nothing but the tokens to its left. Nothing joins the prefix.
        """

    def commit_rows(self, counts: Sequence[int]) -> None:
        """The first counts[r] guesses of the last `predict_rows` join row r's prefix."""

    def keep_rows(self, rows: Sequence[int]) -> None:
        """Only these rows go on, renumbered in this order; called after `commit_rows`."""


class Backend(Protocol):
    """Anything that can rewrite: made with its options, loaded, then asked any number of times."""

    name: str
    model: str
    """The model's own name, once loaded."""
    device: str
    abilities: Abilities

    def load(self, report: Report) -> None:
        """Read the model; heavy imports happen here. Raises ModelError or OutOfMemoryError."""

    def rewrite(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """One Started, any number of Steps, one Outcome. Raises DiffeditError."""


class TypingBackend(Protocol):
    """A backend whose abilities say `typing`: it asks between steps what was typed meanwhile."""

    def rewrite(
        self, task: Task, params: DenoiseParams, cancelled: Cancelled, typing: Typing
    ) -> Iterator[Event]:
        """As `Backend.rewrite`. A step that comes after `typing` was asked heeds the answer."""


@runtime_checkable
class PrefillingBackend(Protocol):
    """A backend that can read ahead, while the person still types the wish."""

    def prefill(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> None:
        """Have in the cache what the prompt of an edit of this place will begin with.

        The instruction is what has been typed so far: that it is there counts, not its words.
        `cancelled` is asked as `Denoiser.prefill` asks it; what was read by then stays. No edit
        comes out otherwise for it. Raises DiffeditError.
        """


class Scorer(Protocol):
    """A backend whose abilities say `score`: it reads a text instead of writing one."""

    def score(self, task: Task, cancelled: Cancelled) -> tuple[Scored, ...]:
        """What the model thinks of `task.text` as it stands, token by token, joined the text.

        The surroundings are read as for a rewrite; instruction and mode count for nothing.
        Raises DiffeditError.
        """


BackendFactory = Callable[[str, str, Mapping[str, str]], Backend]
"""factory(model, device, options): a path or name; "auto", "cpu" or "cuda"; free words."""
