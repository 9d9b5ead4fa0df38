"""The contract with transformers: our loop gives the very tokens of `generate()`, step by step.

It is compared with what is installed, so it fails when upstream changes what a step does.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
import tiny_gemma
import torch
from transformers.generation.streamers import BaseStreamer
from transformers.models.diffusion_gemma.generation_diffusion_gemma import EntropyBoundSamplerConfig

from diffedit.backends.gemma_denoiser import GemmaDenoiser
from diffedit.backends.gemma_tokens import GemmaTokens
from diffedit.engine import rewrite
from diffedit.engine.backend import Reading, Seen, never
from diffedit.engine.canvas import Canvas
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest
from diffedit.engine.step import Outcome


class Recorder(BaseStreamer):  # type: ignore[misc] # transformers is Any to the type check
    """What `generate()` tells: every draft, and every finished canvas."""

    def __init__(self) -> None:
        self.drafts: list[list[int]] = []
        self.canvases: list[list[int]] = []

    def put(self, value: torch.Tensor) -> None:
        self.canvases.append(value[0].tolist())

    def put_draft(self, value: torch.Tensor) -> None:
        self.drafts.append(value[0].tolist())

    def end(self) -> None:
        pass


class Watched(GemmaDenoiser):
    """The denoiser itself; every step that is read is kept too."""

    def __init__(self, model: Any, ends: Sequence[int]) -> None:
        tokens = GemmaTokens(tiny_gemma.tokenizer(), ends)
        super().__init__(model, tokens, torch.device("cpu"), 4096)
        self.drafts: list[list[int]] = []
        self.canvases: list[list[int]] = []

    def step(self, temperature: float, entropy_bound: float) -> Reading:
        read = super().step(temperature, entropy_bound)

        def kept() -> Seen:
            seen = read()
            self.drafts.append(list(seen.argmax))
            return seen

        return kept

    def commit(self, ids: Sequence[int]) -> None:
        self.canvases.append(list(ids))
        super().commit(ids)


@dataclass(frozen=True, kw_only=True)
class Case:
    """One comparison: a model, a prompt, and the dials of both loops."""

    seed: int
    sizes: dict[str, int]
    prompt: int
    canvases: int
    steps: int = 48
    ends: tuple[int, ...] = (1, 6, 10)
    dials: dict[str, Any] = field(default_factory=dict)

    def params(self) -> DenoiseParams:
        return DenoiseParams(
            max_steps=self.steps, max_canvases=self.canvases, seed=self.seed, **self.dials
        )

    def told(self) -> dict[str, Any]:
        """The same dials by upstream's names; the reference settings are its own defaults."""
        names = {
            "t_min": "t_min",
            "t_max": "t_max",
            "stable_steps": "stability_threshold",
            "stop_entropy": "confidence_threshold",
        }
        told: dict[str, Any] = {names[key]: v for key, v in self.dials.items() if key in names}
        if "entropy_bound" in self.dials:
            told["sampler_config"] = EntropyBoundSamplerConfig(self.dials["entropy_bound"])
        return told


CASES = {
    "reference settings": Case(seed=7, sizes={"canvas": 16}, prompt=9, canvases=2),
    "a prompt beyond the window": Case(
        seed=8,
        sizes={"canvas": 24, "layers": 3, "window": 16},
        prompt=70,
        canvases=3,
        steps=6,
        ends=(),
        dials={"entropy_bound": 2.0},
    ),
    "accepts many, stops early": Case(
        seed=4,
        sizes={"canvas": 16, "window": 8},
        prompt=20,
        canvases=3,
        steps=20,
        ends=(1,),
        dials={"entropy_bound": 5.0, "stop_entropy": 2.0},
    ),
    "no stability asked, wide canvas": Case(
        seed=3,
        sizes={"canvas": 96},
        prompt=40,
        canvases=2,
        steps=6,
        ends=(),
        dials={"entropy_bound": 20.0, "stable_steps": 0, "stop_entropy": 0.7},
    ),
    "warmer, stable for two steps": Case(
        seed=11,
        sizes={"canvas": 32},
        prompt=7,
        canvases=2,
        steps=10,
        dials={"t_min": 0.1, "t_max": 1.3, "stable_steps": 2, "stop_entropy": 0.8},
    ),
}


@pytest.fixture(autouse=True)
def no_compiler(monkeypatch: pytest.MonkeyPatch) -> None:
    """`generate()` marks steps for CUDA graphs; without one, that only imports a compiler."""
    monkeypatch.setattr(torch.compiler, "cudagraph_mark_step_begin", lambda: None)


def theirs(model: Any, ids: Sequence[int], case: Case) -> Recorder:
    """`generate()` on the same model, prompt and seed."""
    model.generation_config.eos_token_id = list(case.ends) or None
    recorder = Recorder()
    torch.manual_seed(case.seed)
    model.generate(
        input_ids=torch.tensor([list(ids)]),
        max_new_tokens=case.canvases * model.config.canvas_length,
        max_denoising_steps=case.steps,
        streamer=recorder,
        **case.told(),
    )
    return recorder


def ours(denoiser: Watched, ids: Sequence[int], case: Case) -> Outcome:
    """Our own loop, as the backend runs it."""
    denoiser.seed(case.seed)
    request = CanvasRequest(prefix=tuple(ids), fresh=denoiser.fresh)
    *_, outcome = rewrite.canvases(denoiser, request, case.params(), never)
    assert isinstance(outcome, Outcome)
    return outcome


def set_up(case: Case) -> tuple[Any, list[int]]:
    """The case's model and prompt."""
    source = torch.Generator().manual_seed(case.seed)
    ids = torch.randint(11, 400, (case.prompt,), generator=source).tolist()
    return tiny_gemma.model(case.seed, **case.sizes), ids


@pytest.mark.parametrize("name", CASES)
def test_every_draft_and_every_token_is_the_reference_s(name: str) -> None:
    """Each step's argmax canvas equals `put_draft`'s, each commit the canvas put, in order."""
    case = CASES[name]
    model, ids = set_up(case)
    reference = theirs(model, ids, case)
    denoiser = Watched(model, case.ends)
    outcome = ours(denoiser, ids, case)
    assert denoiser.drafts == reference.drafts
    assert denoiser.canvases == reference.canvases[1 : len(denoiser.canvases) + 1]
    assert outcome.canvases == len(reference.canvases) - 1
    assert len({tuple(draft) for draft in reference.drafts}) > outcome.canvases


def test_a_step_set_off_ahead_changes_nothing() -> None:
    """As a GPU does it: the next step begins before this one is read, and noise goes on as it was.

    The canvases stop early, so that each ends with a step that is taken back.
    """
    case = CASES["accepts many, stops early"]
    model, ids = set_up(case)
    plain, ahead = Watched(model, case.ends), Watched(model, case.ends)
    ahead.ahead = True
    ours(plain, ids, case)
    ours(ahead, ids, case)
    assert ahead.drafts == plain.drafts
    assert len(plain.drafts) < case.steps * case.canvases


def test_the_same_seed_gives_the_same_text_whatever_was_read_before() -> None:
    """A prompt found in the cache, in part or whole, denoises bit by bit as a fresh one."""
    case = CASES["a prompt beyond the window"]
    model, ids = set_up(case)
    fresh, used = Watched(model, case.ends), Watched(model, case.ends)
    ours(fresh, ids, case)
    for before in ([*ids, 12, 13], [*ids[:50], 12, 13], ids):
        used.prefill(before)
        used.drafts.clear()
        ours(used, ids, case)
        assert used.drafts == fresh.drafts


def test_padding_to_one_shape_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """As a compiled decoder needs it: every step has inputs of one shape, and says the same.

    A mask sums in another order, so it is the first look that is compared: all after it follows
    from samples. The compiler itself is left out: it takes a minute.
    """
    shapes, looks = set[tuple[tuple[int, ...], ...]](), dict[Watched, Seen]()

    def compiled(forward: Any, *, dynamic: bool) -> Any:
        assert not dynamic

        def look(**inputs: Any) -> Any:
            parts = [layer.keys.shape for layer in inputs["cache"].layers]
            masks = [mask.shape for mask in inputs["decoder_attention_mask"].values()]
            shapes.add((inputs["decoder_input_ids"].shape, *parts, *masks))
            return forward(**inputs)

        return look

    monkeypatch.setattr(torch, "compile", compiled)
    case = CASES["a prompt beyond the window"]
    model, ids = set_up(case)
    plain, fixed = Watched(model, case.ends), Watched(model, case.ends)
    fixed.compiled = True
    for length in (10, 40, 70):
        for denoiser in (plain, fixed):
            denoiser.prefill(ids[:length])
            denoiser.seed(case.seed)
            free = (True,) * denoiser.canvas_length
            denoiser.place(Canvas(ids=tuple(denoiser.fresh(len(free))), free=free))
            looks[denoiser] = denoiser.step(0.8, 0.1)()
        assert looks[fixed].argmax == looks[plain].argmax
        assert looks[fixed].entropy == pytest.approx(looks[plain].entropy, abs=1e-4)
    assert len(shapes) == 1


def looked(denoiser: Watched, ids: Sequence[int], seed: int) -> list[Seen]:
    """Two looks at one canvas of noise: the second remembers the first."""
    denoiser.prefill(ids)
    denoiser.seed(seed)
    free = (True,) * denoiser.canvas_length
    denoiser.place(Canvas(ids=tuple(denoiser.fresh(len(free))), free=free))
    return [denoiser.step(0.8, 0.1)(), denoiser.step(0.7, 0.1)()]


def test_what_cannot_be_compiled_runs_as_it_is(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As on a machine without a C compiler: the log says so once, and the looks are the same."""

    class NoCompilerError(RuntimeError):
        """Stands for what torch raises then, which comes from its compiler's room."""

    NoCompilerError.__module__ = "torch._inductor.exc"

    def refuse(**_inputs: Any) -> Any:
        raise NoCompilerError("no gcc\nlong story")

    monkeypatch.setattr(torch, "compile", lambda _forward, **_words: refuse)
    case = CASES["accepts many, stops early"]
    model, ids = set_up(case)
    plain, other = Watched(model, case.ends), Watched(model, case.ends)
    other.compiled = True
    expected, found = looked(plain, ids, case.seed), looked(other, ids, case.seed)
    assert [seen.argmax for seen in found] == [seen.argmax for seen in expected]
    assert capsys.readouterr().err == "The decoder runs without being compiled: no gcc\n"
    refuse_memory = RuntimeError("out of memory")
    monkeypatch.setattr(torch, "compile", lambda _forward, **_words: _raiser(refuse_memory))
    third = Watched(model, case.ends)
    third.compiled = True
    with pytest.raises(RuntimeError, match="out of memory"):
        looked(third, ids, case.seed)


def _raiser(error: Exception) -> Any:
    def fail(**_inputs: Any) -> Any:
        raise error

    return fail


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.filterwarnings("ignore")
def test_a_compiled_decoder_says_the_same() -> None:
    """By torch's own compiler, for real: two graphs, and prompts of any length need no third."""
    from torch._dynamo.utils import counters  # noqa: PLC0415 - heavy

    case = CASES["a prompt beyond the window"]
    model, ids = set_up(case)
    plain, compiled = Watched(model, case.ends), Watched(model, case.ends)
    compiled.compiled = True
    counters.clear()
    for length in (10, 40, 70):
        expected = looked(plain, ids[:length], case.seed)
        found = looked(compiled, ids[:length], case.seed)
        for one, other in zip(found, expected, strict=True):
            assert one.argmax == other.argmax
            assert one.entropy == pytest.approx(other.entropy, abs=1e-4)
    assert counters["stats"]["unique_graphs"] == 2
    assert not counters["graph_break"]
