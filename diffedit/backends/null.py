"""A model that costs nothing: the span's own words, settling out of noise. For `diffedit bench`.

It drives the true engine with a uniform-noise denoiser that has no weights, so what is measured
with it is ours alone. What it writes has no sense; it is the same for the same seed.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice, pairwise
from math import log
from random import Random

from diffedit.backends.options import whole_numbers
from diffedit.core.heat import Choice, Scored
from diffedit.core.stretch import Stretches, touched
from diffedit.engine import rewrite
from diffedit.engine.backend import Abilities, Cancelled, Noise, Prediction, Report, never
from diffedit.engine.canvas import Canvas
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import MAX_STEPS, CanvasRequest
from diffedit.engine.step import Event
from diffedit.engine.task import Task
from diffedit.engine.typed import Typed, Typing, nothing

CANVAS_LENGTH = 256
END = 0
OPTIONS = {"steps": (2, 12), "tokens": (0, 0), "step_ms": (0, 0)}
"""Each option, the least it may be, and what it is unless given."""
NEARBY = 400
"""Characters on each side that lend their words where the span has none."""
CHOICES = 8
"""How many words are told that might stand in the place of one."""
WORDS = ("nothing", "much", "really", "happens", "here")
_TOKEN = re.compile(r"\w+|\s+|[^\w\s]")


class NullBackend:
    """Rewrites a span into a shuffle of its own words.

    Options: `steps` (12) until all is settled; `tokens` (0: as many as the span has) to write;
    `step_ms` (0) that each step is made to last.
    """

    name = "null"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """The names are those of every backend. Raises RequestError for a bad option."""
        self.model = "null"
        self.device = "cpu"
        self.abilities = Abilities(
            noise="uniform",
            entropy=True,
            clamp=True,
            warm_start=True,
            score=True,
            typing=True,
            canvas_length=CANVAS_LENGTH,
            max_steps=MAX_STEPS,
        )
        values = whole_numbers("null", OPTIONS, options)
        self._steps, self._tokens = values["steps"], values["tokens"]
        self._step_ms = values["step_ms"]

    def load(self, report: Report) -> None:
        """There is nothing to read."""
        report("warm", 1, 1)

    def rewrite(
        self,
        task: Task,
        params: DenoiseParams,
        cancelled: Cancelled,
        typing: Typing = nothing,
    ) -> Iterator[Event]:
        """Denoise the span's own words, a few of them changed."""
        random = Random(params.seed)
        denoiser = _Words((), self._steps, self._step_ms, random)
        request = self._request(task, params, denoiser, random)
        return rewrite.canvases(denoiser, request, params, cancelled, typing)

    def _request(
        self, task: Task, params: DenoiseParams, denoiser: _Words, random: Random
    ) -> CanvasRequest:
        start = _words(task.text, task.keep)
        keep = touched(start, task.keep)
        hot = None if task.noised is None else touched(start, task.noised)
        stays = keep if hot is None else frozenset(range(len(start))) - hot | keep
        denoiser.aim(_target(task, start, stays, self._tokens, random))
        ids = tuple(denoiser.ids(start))

        def relay(typed: Typed) -> CanvasRequest:
            now = replace(task, text=typed.text, keep=typed.keep, noised=typed.noised)
            return self._request(now, params, denoiser, random)

        return CanvasRequest(
            prefix=(),
            start=ids,
            known=tuple(token if slot in keep else None for slot, token in enumerate(ids)),
            hot=hot,
            fill=END,
            max_steps=max(MAX_STEPS, self._steps + params.stable_steps),
            original=task.text,
            relay=relay,
        )

    def score(self, task: Task, cancelled: Cancelled) -> tuple[Scored, ...]:
        """How rare each word is hereabouts: a model of single words, counted on the spot."""
        words = _TOKEN.findall(task.before + task.text + task.after)
        counts = Counter(words)
        share = {word: count / len(words) for word, count in counts.items()}
        kinds = {kind: _likeliest(share, kind) for kind in range(3)}
        spread = {kind: _spread([p for _, p in found]) for kind, found in kinds.items()}
        return tuple(
            Scored(word, -log(share[word]), spread[_kind(word)], kinds[_kind(word)][:CHOICES])
            for word in _TOKEN.findall(task.text)
        )


class _Words:
    """A Denoiser whose tokens are whole words, and who knows what it will say."""

    noise: Noise = "uniform"
    context_length = 0
    mask_id: int | None = None
    end_ids = frozenset({END})

    def __init__(self, target: Sequence[str], steps: int, step_ms: float, random: Random) -> None:
        self.vocabulary = 1
        self._number = {"": END}
        self._words = [""]
        self._steps, self._step_ms, self._random = steps, step_ms, random
        self.aim(target)

    def aim(self, target: Sequence[str]) -> None:
        """Say this from here on."""
        self._target = self.ids(target)
        self._distinct = range(1, len(self._words))
        self.canvas_length = min(CANVAS_LENGTH, len(target) + 1)
        self._settles = [self._random.randint(1, self._steps - 1) for _ in target]
        self._looks = self._committed = 0

    def ids(self, words: Sequence[str]) -> list[int]:
        """A number for each word; new words get new ones."""
        for word in words:
            if word not in self._number:
                self._number[word] = len(self._words)
                self._words.append(word)
        self.vocabulary = len(self._words)
        return [self._number[word] for word in words]

    def encode(self, text: str) -> list[int]:
        """Words, white space and signs to ids."""
        return self.ids(_TOKEN.findall(text))

    def decode(self, ids: Sequence[int]) -> list[str]:
        """The words."""
        return [self._words[token] for token in ids]

    def prefill(self, ids: Sequence[int], cancelled: Cancelled = never) -> None:
        """There is no prompt."""

    def commit(self, ids: Sequence[int]) -> None:
        """The next canvas begins."""
        self._committed += len(ids)
        self._looks = 0

    def predict(self, canvas: Canvas, temperature: float) -> Prediction:
        """The target where a slot has settled, else any word, unsure of it."""
        if self._step_ms:
            time.sleep(self._step_ms / 1000)
        self._looks += 1
        argmax, entropy = list[int](), list[float]()
        for slot in range(self._committed, self._committed + len(canvas)):
            if slot >= len(self._target):
                argmax.append(END)
                entropy.append(0.0)
            elif self._looks >= self._settles[slot] or self._holds(canvas, slot):
                argmax.append(self._target[slot])
                entropy.append(0.0)
            else:
                argmax.append(self._random.choice(self._distinct))
                entropy.append(0.5 + 3 * self._random.random() * (1 - self._looks / self._steps))
        return Prediction(sampled=argmax, argmax=argmax, entropy=entropy)

    def _holds(self, canvas: Canvas, slot: int) -> bool:
        """Whether a slot that began as given text says already what it will say."""
        place = slot - self._committed
        return bool(canvas.warm) and canvas.warm[place] and canvas.ids[place] == self._target[slot]


def _kind(word: str) -> int:
    """A word, white space, or a sign: one of a kind may stand where another does."""
    return 0 if word.isidentifier() else 1 if word.isspace() else 2


def _spread(shares: Sequence[float]) -> float:
    """How open it is which of them it will be, in nats."""
    whole = sum(shares) or 1.0
    return -sum(share / whole * log(share / whole) for share in shares)


def _likeliest(share: Mapping[str, float], kind: int) -> tuple[Choice, ...]:
    """The words of a kind, each with its share among all words."""
    mine = {word: part for word, part in share.items() if _kind(word) == kind}
    likely = sorted(mine, key=lambda word: (-mine[word], word))
    return tuple(Choice(word, mine[word]) for word in likely)


def _words(text: str, keep: Stretches) -> list[str]:
    """The words of a text, none of them half in what is kept."""
    edges = sorted({0, len(text), *(place for part in keep for place in part)})
    parts = (text[start:end] for start, end in pairwise(edges))
    return [word for part in parts for word in _TOKEN.findall(part)]


def _target(
    task: Task, source: list[str], keep: frozenset[int], length: int, random: Random
) -> list[str]:
    """The words to write: the source over and over, a quarter of the free words exchanged."""
    source = list(source)
    around = _TOKEN.findall(task.before[-NEARBY:] + " " + task.after[:NEARBY])
    words = sorted({token for token in source or around if token.isidentifier()})
    if len(words) < 2:
        words += WORDS
    if not source:
        source = [
            token for word in random.sample(words, min(8, len(words))) for token in (word, " ")
        ]
        source.pop()
    length = max(length or len(source), max(keep, default=-1) + 1)
    target = list(islice(cycle(source), length))
    slots = [
        slot
        for slot, token in enumerate(target)
        if slot not in keep and (token.isidentifier() or not any(map(str.isidentifier, source)))
    ]
    for slot in random.sample(slots, -(-len(slots) // 4)):
        target[slot] = random.choice([word for word in words if word != target[slot]])
    return target
