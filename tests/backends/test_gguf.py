"""GGUF files through llama.cpp, for real: tiny random models of each architecture."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_llama

from diffedit.backends import small_adapter, small_model, small_weights
from diffedit.backends.gguf import GgufBackend
from diffedit.backends.gguf_editing import Editing
from diffedit.bench.refine import decoded
from diffedit.core.errors import BackendError, DiffeditError, ModelError, RequestError, TooLongError
from diffedit.engine import rewrite as outer
from diffedit.engine.canvas import Canvas
from diffedit.engine.params import DenoiseParams
from diffedit.engine.request import CanvasRequest, RowsRequest
from diffedit.engine.step import Event, Outcome, Started, Step
from diffedit.engine.task import Mode, Task
from diffedit.engine.transfer import Transfer
from diffedit.engine.typed import Typed

pytestmark = pytest.mark.gguf

CODE = "    def total(self, values):\n        return sum(values)\n"
SEED = 11
FIXED = {"flash": "off", "threads": "1"}


def loaded(path: Path, **options: str) -> GgufBackend:
    backend = GgufBackend(str(path), "cpu", FIXED | options)
    backend.load(lambda *_told: None)
    return backend


def editing(backend: GgufBackend) -> Editing:
    assert backend._editing is not None
    return backend._editing


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gguf")
    names = tiny_llama.CAUSAL + tiny_llama.DIFFUSION
    # With this seed none of them ends its text at once.
    return {name: tiny_llama.write(folder / f"{name}.gguf", name, seed=SEED) for name in names}


@pytest.fixture(scope="module")
def llama(files: dict[str, Path]) -> GgufBackend:
    return loaded(files["llama"])


def run(backend: GgufBackend, *, seed: int = 0, **task: Any) -> list[Event]:
    return list(backend.rewrite(Task(**task), DenoiseParams(seed=seed), lambda: False))


def outcome(events: Sequence[Event]) -> Outcome:
    last = events[-1]
    assert isinstance(last, Outcome)
    return last


def one_by_one(backend: GgufBackend, prefix: Sequence[int], count: int) -> list[int]:
    """Plain greedy decoding on the same file: a token, then the next."""
    context, ids = editing(backend).context, list(prefix)
    editing(backend).causal.reset()
    last = [False] * (len(ids) - 1) + [True]
    scores = context.decode(ids, range(len(ids)), [0] * len(ids), last)
    written: list[int] = []
    while len(written) < count:
        token = int(scores[0].argmax())
        if token in editing(backend).causal.end_ids:
            break
        written.append(token)
        scores = context.decode([token], [len(ids) + len(written) - 1], [0], [True])
    editing(backend).causal.reset()
    return written


def answer(backend: GgufBackend, request: RowsRequest) -> tuple[list[int], int]:
    """The settled ids of the first row, and how many looks they took."""
    events = list(outer.rows(editing(backend).causal, request, DenoiseParams(), lambda: False))
    return editing(backend).model.encode(outcome(events).text), outcome(events).steps


@pytest.mark.parametrize("name", tiny_llama.CAUSAL)
def test_refined_in_parallel_it_is_what_greedy_decoding_writes(
    files: dict[str, Path], name: str
) -> None:
    """Token for token, from a good first canvas, a poor one and none, in fewer looks if good."""
    backend = loaded(files[name])
    at_work = editing(backend).causal
    prefix = at_work.encode("def read(path):\n    with open(path) as file:\n")
    expected = one_by_one(backend, prefix, 60)
    assert len(expected) > 8
    poor = [token + 1 if n % 5 == 4 else token for n, token in enumerate(expected)]
    looks = []
    for start in (expected, poor, [], at_work.encode(CODE)):
        request = RowsRequest(prefix=tuple(prefix), start=tuple(start), max_tokens=len(expected))
        settled: list[int] = []
        events = outer.rows(at_work, request, DenoiseParams(), lambda: False)
        looks.append(outcome(list(events)).steps)
        settled = at_work.encode("".join(at_work.decode(expected)))
        text = outcome(list(outer.rows(at_work, request, DenoiseParams(), lambda: False))).text
        assert text == "".join(at_work.decode(expected)), settled
    assert looks[0] < len(expected) / 4
    assert looks[0] < looks[1] < len(expected)


def test_candidates_share_one_prompt_and_do_not_hear_one_another(llama: GgufBackend) -> None:
    """Five rows from one prefix say what each says alone, and the prompt is read once."""
    at_work = editing(llama).causal
    at_work.reset()
    prefix = at_work.encode("class Point:\n    def __init__(self, x, y):\n")
    before = at_work.prefilled
    temperatures = (0.0, 0.7, 0.7, 0.9, 1.2)
    at_work.prefill(prefix)
    at_work.start(5)
    canvases = [at_work.encode(text) for text in ("x", "self.x = x", "", "pass\n", "return x")]
    together = at_work.predict_rows(canvases, temperatures, range(5))
    assert at_work.prefilled - before == len(prefix)
    for number, canvas in enumerate(canvases):
        at_work.start(1)
        alone = at_work.predict_rows([canvas], [temperatures[number]], [number])[0]
        assert alone.sampled == together[number].sampled
        assert np.allclose(alone.entropy, together[number].entropy, atol=1e-3)
    assert at_work.prefilled - before == len(prefix)


def test_rows_end_and_go_on_by_themselves(llama: GgufBackend) -> None:
    """What is committed in one row shows in no other, and rows that leave leave no trace."""
    at_work = editing(llama).causal
    prefix = at_work.encode("def total(values):\n")
    at_work.prefill(prefix)
    at_work.start(3)
    guesses = [[5, 6, 7], [8, 9], [10]]
    at_work.predict_rows(guesses, [0.0] * 3, [0] * 3)
    at_work.commit_rows([2, 0, 1])
    at_work.keep_rows([2, 0])
    then = at_work.predict_rows([[], [20]], [0.0] * 2, [0] * 2)
    for row, ids in ((0, [*prefix, 10]), (1, [*prefix, 5, 6])):
        at_work.reset()
        at_work.prefill(ids)
        at_work.start(1)
        alone = at_work.predict_rows([[[], [20]][row]], [0.0], [0])[0]
        assert alone.argmax == then[row].argmax
        at_work.reset()


def test_a_prompt_is_read_again_only_from_where_it_differs(llama: GgufBackend) -> None:
    """The longest cached beginning is kept; a prompt that was cut is as a fresh one."""
    at_work = editing(llama).causal
    at_work.reset()
    ids = at_work.encode("def read(path):\n    return file.read()\n")
    at_work.prefill(ids)
    before = at_work.prefilled
    at_work.prefill([*ids, 5, 6])
    assert at_work.prefilled - before == 2
    at_work.prefill(ids[:10])
    assert at_work.prefilled - before == 3
    at_work.start(1)
    cut = at_work.predict_rows([[]], [0.0], [0])[0]
    at_work.reset()
    at_work.prefill(ids[:10])
    at_work.start(1)
    fresh = at_work.predict_rows([[]], [0.0], [0])[0]
    assert fresh.argmax == cut.argmax
    assert np.allclose(fresh.entropy, cut.entropy, atol=1e-3)


def test_likelihoods_are_sums_of_what_each_token_had(llama: GgufBackend) -> None:
    """Log p of whole texts, several at once, is the chain rule's."""
    at_work, context = editing(llama).causal, editing(llama).context
    prefix = at_work.encode("def f(x):\n")
    texts = [at_work.encode("    return x\n"), at_work.encode("    pass\n"), [5]]
    at_work.prefill(prefix)
    found = at_work.likelihoods(texts)
    at_work.reset()
    for text, total in zip(texts, found, strict=True):
        ids = [*prefix, *text]
        scores = context.decode(ids, range(len(ids)), [0] * len(ids), [True] * len(ids))
        context.clear()
        lines = scores[len(prefix) - 1 : -1].astype(np.float64)
        logs = lines - np.log(np.exp(lines).sum(axis=1, keepdims=True))
        assert total == pytest.approx(sum(logs[n, t] for n, t in enumerate(text)), abs=1e-2)
    at_work.reset()


@pytest.mark.parametrize("mode", ["rewrite", "infill", "continue"])
@pytest.mark.parametrize("name", ["llama", "dream", "llada"])
def test_every_mode_runs_and_repeats_with_its_seed(
    files: dict[str, Path], name: str, mode: str
) -> None:
    """Started, steps from 1, one outcome; the same again for a seed, another for another."""
    backend = loaded(files[name])
    task: dict[str, Any] = {
        "text": CODE if mode == "rewrite" else "",
        "before": "class Sum:\n",
        "after": "\n\nprint(Sum())\n",
        "mode": mode,
        "language": "python",
    }
    events = run(backend, **task)
    steps = [event for event in events if isinstance(event, Step)]
    assert isinstance(events[0], Started)
    assert [step.step for step in steps] == list(range(1, len(steps) + 1))
    assert outcome(events).text
    assert outcome(run(backend, **task)).text == outcome(events).text
    assert outcome(run(backend, **task, seed=5)).text != outcome(events).text


# Diffusion models ------------------------------------------------------------------------------


def reference(backend: GgufBackend, prompt: list[int], canvas: list[int], steps: int) -> list[int]:
    """The loop of llama.cpp's diffusion example, on raw scores: greedy, surest first."""
    at_work = editing(backend)
    family, mask = at_work.mask._family, at_work.mask.mask_id
    block = 8 if family.schedule == "block" else len(canvas)
    blocks = [range(at, min(at + block, len(canvas))) for at in range(0, len(canvas), block)]
    blocks = [slots for slots in blocks if any(canvas[slot] == mask for slot in slots)]
    share = steps // len(blocks)
    for slots in blocks:
        masks = sum(canvas[slot] == mask for slot in slots)
        for step in range(share):
            ids = [*prompt, *canvas]
            scores = at_work.context.decode(ids, range(len(ids)), [0] * len(ids), [True] * len(ids))
            open_slots = [slot for slot in slots if canvas[slot] == mask]
            found = {}
            for slot in open_slots:
                line = scores[len(prompt) + slot - family.shifted].astype(np.float64)
                line[mask] = -np.inf
                weights = np.exp(line - line.max())
                weights /= weights.sum()
                sure = weights.max()
                if family.measure == "entropy":
                    sure = np.sum(weights[weights > 0] * np.log(weights[weights > 0]))
                found[slot] = (-sure, slot, int(line.argmax()))
            count = masks // share + (step < masks % share)
            if family.schedule == "timestep":
                now, then = 1 - step / share * 0.999, 1 - (step + 1) / share * 0.999
                count = int(len(open_slots) * (1 - then / now if step < share - 1 else 1))
            for _, slot, token in sorted(found.values())[:count]:
                canvas[slot] = token
    return canvas


@pytest.mark.parametrize("shifted", [None, True, False])
@pytest.mark.parametrize("name", tiny_llama.DIFFUSION)
def test_a_diffusion_model_denoises_by_its_family_s_rule(
    tmp_path: Path, name: str, *, shifted: bool | None
) -> None:
    """The reference's loop gives the same ids: schedule, measure, mask and shift of the file."""
    backend = loaded(tiny_llama.write(tmp_path / "m.gguf", name, shifted=shifted), block="8")
    at_work = editing(backend)
    mask = at_work.mask.mask_id
    assert mask is not None
    assert at_work.mask._family.shifted == (
        name in {"dream", "rnd1"} if shifted is None else shifted
    )
    prompt = at_work.model.encode("def read(path):\n")
    right = at_work.model.encode("    return x\n")[:5]
    expected = reference(backend, prompt, [*[mask] * 24, *right], 15)
    request = CanvasRequest(
        prefix=tuple(prompt),
        known=(*[None] * 24, *right),
        hole=(0, 24),
        length=24 + len(right),
        max_steps=15,
        accept=Transfer(schedule=at_work.mask_habits.schedule, block=8),
        temperature=0.0,
    )
    params = DenoiseParams(stop_entropy=0)
    events = list(outer.canvases(at_work.mask, request, params, lambda: False))
    ends = at_work.mask.end_ids
    wanted = expected[:24]
    cut = next((slot for slot, token in enumerate(wanted) if token in ends), 24)
    assert outcome(events).text == "".join(at_work.model.decode(wanted[:cut]))
    assert expected[24:] == right


def test_the_right_text_is_held_and_seen(files: dict[str, Path]) -> None:
    """A diffusion model's hole is filled with an eye on what stands after it."""
    backend = loaded(files["dream"])
    texts = set()
    for after in ("    return total\n", "print(values)\n"):
        events = run(backend, text="", before="def f(x):\n", after=after, mode="infill")
        started = events[0]
        assert isinstance(started, Started)
        assert started.kept > 0
        texts.add(outcome(events).text)
    assert len(texts) == 2


def test_several_lengths_of_a_hole_are_tried(files: dict[str, Path]) -> None:
    """One look at each; what is told is the length that was taken, and the others."""
    backend = loaded(files["llada"])
    events = run(backend, text="", before="def f(x):\n", after="    return x\n", mode="infill")
    tried = {event.lengths for event in events if isinstance(event, Step | Outcome)}
    assert len(tried) == 1
    assert sorted(tried.pop()) == [8, 16, 32, 64]


@pytest.mark.parametrize("name", ["dream", "llada"])
def test_a_diffusion_model_gives_several_answers(files: dict[str, Path], name: str) -> None:
    """As many as are asked for, no two alike, and the same ones again."""
    backend = loaded(files[name])
    task = Task(text="", before="def f(x):\n", after="    return x\n", mode="infill")
    found = [
        outcome(list(backend.rewrite(task, DenoiseParams(candidates=3), lambda: False)))
        for _ in range(2)
    ]
    answers = [found[0].text, *found[0].alternatives]
    assert len(answers) == len(set(answers)) == 3
    assert found[0] == found[1]


@pytest.mark.parametrize("mode", ["rewrite", "infill"])
def test_what_is_typed_is_held_by_a_diffusion_model(files: dict[str, Path], mode: Mode) -> None:
    """Typed before the second step, into a picture of noise: it is in every picture after it."""
    backend = loaded(files["dream"])
    text = CODE if mode == "rewrite" else ""
    task = Task(text=text, before="class Sum:\n", after="\nprint(Sum())\n", mode=mode)
    seen, sent = list[str](), list[Typed]()

    def typing() -> Typed | None:
        if len(seen) != 1 or sent:
            return None
        sent.append(Typed(text=f"qq7{seen[0]}", keep=((0, 3),), noised=((3, 3 + len(seen[0])),)))
        return sent[0]

    for event in backend.rewrite(task, DenoiseParams(), lambda: False, typing):
        if isinstance(event, Step):
            seen.append("".join(piece.text for piece in event.pieces))
        if isinstance(event, Outcome):
            seen.append(event.text)
    assert sent
    assert all("qq7" in text for text in seen[1:])


def test_a_warm_start_keeps_its_share_of_the_old_text(files: dict[str, Path]) -> None:
    """At a noise of 0 the canvas begins as the selection; the mask stands nowhere in it."""
    backend = loaded(files["llada"])
    assert backend.abilities.warm_start
    request = editing(backend).request(Task(text=CODE, instruction="x"), DenoiseParams())
    assert isinstance(request, CanvasRequest)
    assert request.start == tuple(
        editing(backend).model.encode(
            CODE.replace("    def", "def", 1).replace("        return", "    return")
        )
    )


def test_the_mask_is_never_an_answer(files: dict[str, Path]) -> None:
    """However high its score, what is to be filled in is not filled in with the mask."""
    at_work = editing(loaded(files["llada"])).mask
    assert at_work.mask_id is not None
    at_work.prefill([5, 6, 7])
    canvas = Canvas(ids=(at_work.mask_id,) * 40, free=(True,) * 40)
    for temperature in (0.0, 5.0):
        found = at_work.predict(canvas, temperature)
        assert at_work.mask_id not in found.sampled
        assert all(0 <= sure <= 1.0001 for sure in found.confidence)


# Adapters, fill-in-the-middle, chat -------------------------------------------------------------


def first_scores(backend: GgufBackend) -> Any:
    at_work = editing(backend).causal
    at_work.prefill(at_work.encode("def total(values):\n"))
    return at_work._end.copy()


def test_an_adapter_is_switched_between_two_edits(files: dict[str, Path], tmp_path: Path) -> None:
    """On, off, on with another strength: no new load, and off is exactly as before."""
    lora = tiny_llama.adapter(tmp_path / "a.gguf")
    backend = loaded(files["llama"])
    model = editing(backend).model
    plain = first_scores(backend)
    assert backend.adapt(FIXED | {"lora": str(lora)})
    changed = first_scores(backend)
    assert backend.adapt(FIXED | {"lora": str(lora), "lora_scale": "0.25"})
    weaker = first_scores(backend)
    assert backend.adapt(FIXED)
    assert np.array_equal(first_scores(backend), plain)
    assert np.abs(changed - plain).max() > np.abs(weaker - plain).max() > 0.01
    assert editing(backend).model is model
    assert not backend.adapt(FIXED | {"context": "256"})
    assert np.array_equal(first_scores(loaded(files["llama"], lora=str(lora))), changed)


def test_an_adapter_for_another_model_is_refused(files: dict[str, Path], tmp_path: Path) -> None:
    """In one line, and the model goes on as it was."""
    backend = loaded(files["llama"])
    plain = first_scores(backend)
    wrong = tiny_llama.adapter(tmp_path / "wrong.gguf", "dream")
    noise = tmp_path / "noise.gguf"
    noise.write_bytes(b"GGUF" + bytes(40))
    for path in (wrong, noise):
        with pytest.raises(ModelError, match="no LoRA adapter"):
            backend.adapt(FIXED | {"lora": str(path)})
    with pytest.raises(RequestError, match="is not a file"):
        backend.adapt(FIXED | {"lora": str(tmp_path / "missing.gguf")})
    assert np.array_equal(first_scores(backend), plain)


def test_marks_for_the_middle_are_used_where_the_file_has_them(tmp_path: Path) -> None:
    """Before, after, then the middle, each behind its mark; without marks, the left text only."""
    backend = loaded(tiny_llama.write(tmp_path / "fim.gguf", "qwen2", fim=True))
    model = editing(backend).model
    task = Task(text="    pass\n", before="def f(x):\n", after="    return y\n", mode="infill")
    request = editing(backend).request(task, DenoiseParams())
    before, after, middle = (model.encode(mark, marks=True)[0] for mark in tiny_llama.FIM)
    assert list(request.prefix) == [
        *(before, *model.encode("def f(x):\n")),
        *(after, *model.encode("\n    return y\n"), middle),
    ]
    assert outcome(list(backend.rewrite(task, DenoiseParams(), lambda: False))).text.endswith("\n")
    bare = loaded(tiny_llama.write(tmp_path / "bare.gguf", "qwen2"))
    assert before not in editing(bare).request(task, DenoiseParams()).prefix


def test_what_looks_like_a_mark_in_a_text_is_text(llama: GgufBackend) -> None:
    """A file may hold the marks of a chat; the model reads them as letters."""
    model = editing(llama).model
    asked = editing(llama).chat("<|im_end|>", "a<|im_start|>b", "")
    start, end = (model.encode(mark, marks=True)[0] for mark in ("<|im_start|>", "<|im_end|>"))
    assert (asked.count(start), asked.count(end)) == (3, 2)
    assert "".join(model.decode(asked)).count("<|im_start|>") == 1


def test_text_survives_the_vocabulary(llama: GgufBackend) -> None:
    """Any text comes back from its ids, a split character at its last one; no space is added."""
    model = editing(llama).model
    for text in ("def f(x):\n\treturn 'ä€𝄞'\n", " a", "a", "\n\n  x", ""):
        pieces = model.decode(model.encode(text))
        assert "".join(pieces) == text


# Edges -----------------------------------------------------------------------------------------


def test_what_would_abort_is_refused_before_the_call(llama: GgufBackend) -> None:
    """Lengths, tokens, rows and places are looked at here; llama.cpp would end the process."""
    context = editing(llama).context
    fine: tuple[list[int], list[int], list[int], list[bool]] = ([5], [0], [0], [True])
    many = context.batch + 1
    wrong: list[tuple[Any, type[DiffeditError]]] = [
        (([], [], [], []), BackendError),
        (([5] * many, range(many), [0] * many, [True] * many), BackendError),
        (([5], [0, 1], [0], [True]), BackendError),
        (([10**6], *fine[1:]), BackendError),
        (([-1], *fine[1:]), BackendError),
        (([5], [0], [999], [True]), BackendError),
        (([5], [context.cells], [0], [True]), TooLongError),
        (([5], [7], [0], [True]), BackendError),
    ]
    for words, error in wrong:
        with pytest.raises(error):
            context.decode(*words)
    editing(llama).causal.reset()
    assert np.isfinite(context.decode(*fine)).all()
    editing(llama).causal.reset()


def test_a_full_cache_is_said_and_the_next_look_is_fine(llama: GgufBackend) -> None:
    """Guesses past the context are refused; the row is as it was."""
    at_work = editing(llama).causal
    at_work.prefill(at_work.encode("x = 1\n" * 200)[:400])
    at_work.start(1)
    with pytest.raises(TooLongError, match="outgrew"):
        at_work.predict_rows([[5] * 200], [0.0], [0])
    assert at_work.predict_rows([[5] * 20], [0.0], [0])[0].argmax
    with pytest.raises(TooLongError, match="to 512 fit"):
        at_work.prefill([5] * 600)


def test_candidates_are_as_many_as_the_cache_holds(llama: GgufBackend) -> None:
    """More than it was made for are refused by name; many long ones become fewer."""
    task = Task(text=CODE, instruction="x")
    with pytest.raises(RequestError, match="At most 16"):
        editing(llama).request(task, DenoiseParams(candidates=99))
    request = editing(llama).request(task, DenoiseParams(candidates=16))
    assert isinstance(request, RowsRequest)
    long = replace(request, max_tokens=900)
    assert 1 <= len(editing(llama)._fitting(long).temperatures) < 16


def slow(backend: GgufBackend) -> tuple[Any, list[Any]]:
    """A decode that takes a while: as long a prompt as fits, again and again."""
    context = editing(backend).context
    count = min(context.batch, 500)
    words = ([5] * count, range(count), [0] * count, [True] * count)
    return context, [words]


def test_a_cancel_is_heard_in_the_middle_of_a_look(
    files: dict[str, Path], capfd: pytest.CaptureFixture[str]
) -> None:
    """It ends as cancelled with its last picture, without a word in the log, and can go on."""
    backend = loaded(files["llama"])
    capfd.readouterr()
    asked: list[int] = []

    def cancelled() -> bool:
        asked.append(1)
        return len(asked) > 60

    events = list(backend.rewrite(Task(text=CODE, instruction="x"), DenoiseParams(), cancelled))
    assert outcome(events).stop == "cancelled"
    assert len(asked) < 200
    assert capfd.readouterr().err == ""
    assert outcome(run(backend, text=CODE, instruction="x")).stop in {"end", "steps"}


def test_only_a_thread_away_the_cancel_comes_within_50_ms(files: dict[str, Path]) -> None:
    """From the word to the end of the C call, with a prompt under way; the best of five."""
    from diffedit.engine.backend import Interrupted  # noqa: PLC0415

    backend = loaded(files["llama"])
    context, (words,) = slow(backend)
    waits: list[float] = []
    for _ in range(5):
        said, told = threading.Event(), [0.0]

        def cancelled(said: threading.Event = said, told: list[float] = told) -> bool:
            # The first question comes from within the decode: the word is given right there.
            if not said.is_set():
                told[0] = time.perf_counter()
                said.set()
            return said.is_set()

        context.cancelled = cancelled
        with pytest.raises(Interrupted):
            context.decode(*words)
        waits.append(time.perf_counter() - told[0])
        context.clear()
    assert min(waits) < 0.05


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"windw": "1"}, "no option 'windw'"),
        ({"context": "12"}, "a whole number from 128 up, not '12'"),
        ({"flash": "maybe"}, "auto or on or off"),
        ({"lora_scale": "loud"}, "a number, not 'loud'"),
        ({"gpu_layers": "-1"}, "a whole number from 0 up"),
    ],
)
def test_bad_options_are_refused_by_name(
    files: dict[str, Path], options: dict[str, str], said: str
) -> None:
    """Each names the option and what it may be."""
    with pytest.raises(RequestError, match=said):
        loaded(files["llama"], **options)


def test_a_gpu_that_is_not_there_is_said(files: dict[str, Path]) -> None:
    """Device cuda on a build without one is one line; auto runs on the CPU."""
    with pytest.raises(RequestError, match="'tpu'"):
        GgufBackend(str(files["llama"]), "tpu", {})
    backend = GgufBackend(str(files["llama"]), "cuda", {})
    with pytest.raises(ModelError, match="without a GPU"):
        backend.load(lambda *_told: None)
    auto = GgufBackend(str(files["llama"]), "auto", FIXED)
    auto.load(lambda *_told: None)
    assert auto.device == "cpu"


def test_loading_tells_how_far_it_is(files: dict[str, Path]) -> None:
    """Every stage is told, and reading counts bytes up to the file's size."""
    told: list[tuple[str, int, int]] = []
    backend = GgufBackend(str(files["llama"]), "cpu", FIXED)
    backend.load(lambda *what: told.append(what))
    assert list(dict.fromkeys(stage for stage, _, _ in told)) == ["find", "read", "place", "warm"]
    size = files["llama"].stat().st_size
    assert [one for one in told if one[0] == "read"][-1] == ("read", size, size)


@pytest.fixture
def keep(tmp_path: Path) -> Path:
    return tmp_path / "looks"


def test_a_file_is_looked_at_once(files: dict[str, Path], keep: Path) -> None:
    """The weights are checked at the first load; the second finds it written down."""
    loaded(files["llama"], keep=str(keep))
    (found,) = keep.iterdir()
    before = found.stat().st_mtime_ns
    loaded(files["llama"], keep=str(keep))
    assert found.stat().st_mtime_ns == before
    assert '"kind": "causal"' in found.read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["q4_0", "q4_k_m", "q8_0", "f16", "f32"])
def test_a_file_is_requantized_once(kind: str, files: dict[str, Path], keep: Path) -> None:
    """The file of other weights is made at the first load and used at every other."""
    backend = loaded(files["llama"], keep=str(keep), requantize=kind)
    (made,) = keep.glob(f"*.{kind}.gguf")
    assert editing(backend).model.path == made
    before = made.stat().st_mtime_ns
    loaded(files["llama"], keep=str(keep), requantize=kind)
    assert made.stat().st_mtime_ns == before
    assert list(keep.glob(".part-*")) == []


def test_weights_are_written_smaller_or_larger_as_asked(files: dict[str, Path], keep: Path) -> None:
    """Four bits, eight, sixteen and thirty-two: each file is larger than the one before."""
    sizes = []
    for kind in ("q4_0", "q8_0", "f16", "f32"):
        loaded(files["llama"], keep=str(keep), requantize=kind)
        (made,) = keep.glob(f"*.{kind}.gguf")
        sizes.append(made.stat().st_size)
    assert sizes == sorted(set(sizes))


@pytest.mark.skipif("DIFFEDIT_TEST_MODEL" not in os.environ, reason="needs the model in the box")
def test_the_model_in_the_box_edits_through_llama_cpp() -> None:
    """The same edit as in NumPy, and token for token what greedy decoding writes."""
    backend = GgufBackend(os.environ["DIFFEDIT_TEST_MODEL"], "cpu", {"threads": "1"})
    backend.load(lambda *_told: None)
    text = '    def greet(self, name):\n        return "Hello, " + name + "!"\n'
    task = Task(text=text, instruction="use an f-string", language="python")
    last = outcome(list(backend.rewrite(task, DenoiseParams(), lambda: False)))
    assert last.text == '    def greet(self, name):\n        return f"Hello, {name}!"\n'
    at_work, request = backend.asked(task, DenoiseParams())
    expected = one_by_one(backend, request.prefix, 24)
    limited = replace(request, temperatures=(0.0,), max_tokens=24, stop=None)
    at_work.prefill(limited.prefix)
    ids, _, _ = decoded(at_work, limited, limited.window)
    assert ids == expected


def test_a_rewrite_can_begin_with_the_ways_that_leave_the_old_text(llama: GgufBackend) -> None:
    """The old text is read once; a row that begins like it goes on as one that read it all."""
    at_work = editing(llama).causal
    at_work.prefill(at_work.encode("def total(values):\n"))
    old = at_work.encode("    return sum(values)\n")
    ways = at_work.changes(old, 4)
    assert len(ways) == len(set(ways)) == 4
    assert all(way[:-1] == tuple(old[: len(way) - 1]) for way in ways)
    known = at_work.start(2, [ways[0], []])
    assert known == [len(ways[0]) - 1, 0]
    canvases = [list(ways[0][known[0] :]), []]
    reused = at_work.predict_rows(canvases, [0.0, 0.0], [1, 2])
    at_work.reset()
    at_work.prefill(at_work.encode("def total(values):\n"))
    assert at_work.start(2, [ways[0], []]) == [0, 0]
    fresh = at_work.predict_rows([list(ways[0]), []], [0.0, 0.0], [1, 2])
    assert reused[0].argmax[-1] == fresh[0].argmax[-1]
    assert reused[0].entropy[-1] == pytest.approx(fresh[0].entropy[-1], abs=1e-3)
    assert reused[1].argmax == fresh[1].argmax
    at_work.reset()


def test_an_adapter_for_edits_is_the_same_in_llama_cpp(tmp_path: Path) -> None:
    """What `diffedit tune` writes, as llama.cpp reads it: the scores of the merged weights."""
    path = tiny_llama.write(tmp_path / "tiny.gguf", seed=SEED)
    random = np.random.default_rng(5)
    width, hidden = tiny_llama.WIDTH, tiny_llama.HIDDEN
    shapes = {
        "qkv": (3 * width, width),
        "out": (width, width),
        "gate_up": (2 * hidden, width),
        "down": (width, hidden),
    }
    tensors: dict[str, Any] = {}
    for number in range(tiny_llama.LAYERS):
        for part, (rows, columns) in shapes.items():
            tensors[f"blk.{number}.{part}.a"] = random.normal(size=(4, columns), scale=0.3)
            tensors[f"blk.{number}.{part}.b"] = random.normal(size=(rows, 4), scale=0.3)
    tuned = tmp_path / "tuned.safetensors"
    small_adapter.write(tuned, small_adapter.Adapter(objective="causal", tensors=tensors))
    plain = first_scores(loaded(path, adapter="none"))
    with_it = first_scores(loaded(path, adapter=str(tuned), keep=str(tmp_path)))
    weights = small_weights.load_weights(small_weights.GgufFile(path), lambda *_told: None)
    small_adapter.merge(weights, (small_adapter.read(tuned), tuned, 1.0))
    ids = editing(loaded(path, adapter="none")).causal.encode("def total(values):\n")
    model = small_model.Llama(weights, 64, None)
    hidden_state = model.hidden(
        [ids], prefix := small_model.Prefix(weights.shape, 64), prefix.rest()
    )
    merged = model.logits(hidden_state[:, -1:], out=np.empty((1, len(plain[0])), np.float32))
    assert np.abs(with_it - merged).max() < 0.1 * np.abs(merged - plain).max()


def test_an_adapter_of_masks_or_of_another_shape_is_refused(
    files: dict[str, Path], tmp_path: Path
) -> None:
    """In one line each, before anything is computed with it."""
    mask, other = tmp_path / "mask.safetensors", tmp_path / "other.safetensors"
    small_adapter.write(mask, small_adapter.Adapter(objective="mask", tensors={}))
    halves = {"blk.0.out.a": np.zeros((4, 8)), "blk.0.out.b": np.zeros((8, 4))}
    small_adapter.write(other, small_adapter.Adapter(objective="causal", tensors=halves))
    with pytest.raises(ModelError, match="it is not for edits"):
        loaded(files["llama"], adapter=str(mask))
    with pytest.raises(ModelError, match="another model"):
        loaded(files["llama"], adapter=str(other), keep=str(tmp_path))


def test_a_look_has_the_scores_of_a_token_alone(files: dict[str, Path], tmp_path: Path) -> None:
    """To the bit, on a CPU with quantized weights and the usual options, as many as may go."""
    words = {"requantize": "q8_0", "keep": str(tmp_path)}
    backend = GgufBackend(str(files["llama"]), "cpu", words)
    backend.load(lambda *_told: None)
    at_work = editing(backend).causal
    text = at_work.encode("    def total(self, values):\n        return sum(values)\n" * 9)[:63]
    assert len(text) == 63
    at_work.prefill(text[:5])
    at_work.start(1)
    together = [seen.scores for seen in at_work._look([text])]
    at_work.start(1)
    for place, token in enumerate(text):
        alone = [seen.scores for seen in at_work._look([[token]])]
        at_work._seen = [np.concatenate([at_work._last[0], alone[0]])]
        at_work._canvases = [[token]]
        at_work.commit_rows([1])
        assert np.array_equal(alone[0][0], np.concatenate(together)[place])


@pytest.mark.parametrize("name", ["dream", "llada"])
def test_a_diffusion_model_holds_what_is_pinned(files: dict[str, Path], name: str) -> None:
    """In a rewrite and in a gap: the pinned ids stand in every canvas, in their slots."""
    backend = loaded(files[name])
    assert backend.abilities.clamp
    at_work = editing(backend)
    whole = "    \n" + CODE
    first = whole.index("sum(")
    asked: dict[str, Any] = {"text": whole, "keep": ((first, first + 3),), "instruction": "x"}
    for task in (Task(**asked), Task(**asked, mode="infill", before="a\n", after="b\n")):
        request = at_work.request(task, DenoiseParams())
        assert isinstance(request, CanvasRequest)
        assert request.layouts or task.mode == "rewrite"
        for laid in request.layouts or (request,):
            end = len(laid.start)
            held = [slot for slot, token in enumerate(laid.known[:end]) if token is not None]
            assert held
            assert all(laid.known[slot] == laid.start[slot] for slot in held)
            assert "sum" in "".join(at_work.model.decode([laid.start[slot] for slot in held]))
            assert len(held) < end
