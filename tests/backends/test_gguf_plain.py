"""What of the GGUF backend needs no llama.cpp: its options, its memory of files, its chat forms."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from diffedit.backends import chat_forms, gguf_fim, gguf_library, gguf_stamp, small_fill
from diffedit.backends.gguf import GgufBackend
from diffedit.backends.gguf_options import Options, options_of
from diffedit.core.errors import ModelError, RequestError
from diffedit.engine.params import DenoiseParams
from diffedit.engine.task import Task

CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"


def test_options_are_read_by_name() -> None:
    """Each word becomes its kind; what was not given is left to the model."""
    assert options_of({}) == Options()
    found = options_of({"gpu_layers": "auto", "threads": "3", "lora_scale": "0.5", "flash": "on"})
    assert (found.gpu_layers, found.threads, found.lora_scale) == (None, 3, 0.5)
    assert options_of({"gpu_layers": "12", "schedule": "auto"}).gpu_layers == 12
    with pytest.raises(RequestError, match="block, not 'sideways'"):
        options_of({"schedule": "sideways"})


def test_several_adapters_are_separated_by_commas(tmp_path: Path) -> None:
    """Each must be a file."""
    (tmp_path / "a.gguf").touch()
    (tmp_path / "b.gguf").touch()
    word = f"{tmp_path / 'a.gguf'}, {tmp_path / 'b.gguf'}"
    assert [path.name for path in options_of({"lora": word}).lora] == ["a.gguf", "b.gguf"]
    with pytest.raises(RequestError, match="is not a file"):
        options_of({"lora": str(tmp_path / "c.gguf")})


def test_a_missing_llama_cpp_is_said_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """One line that names the extra; nothing is imported before a model is loaded."""
    monkeypatch.setitem(sys.modules, "llama_cpp", None)
    monkeypatch.setattr(gguf_library, "_kept", [])
    backend = GgufBackend("x.gguf", "auto", {})
    with pytest.raises(ModelError, match=r"pip install 'diffedit\[gguf\]'"):
        backend.load(lambda *_told: None)
    with pytest.raises(ModelError, match="not loaded"):
        backend.rewrite(Task(text="x"), DenoiseParams(), lambda: False)


def test_what_is_known_of_a_file_is_of_that_content(tmp_path: Path) -> None:
    """A file of another size or time has not been looked at; a spoiled note counts as none."""
    path, folder = tmp_path / "m.gguf", tmp_path / "looks"
    path.write_bytes(b"one")
    facts = gguf_stamp.Facts(architecture="llama", kind="causal", memory=1_400_000_000)
    assert gguf_stamp.read(folder, path) is None
    gguf_stamp.write(folder, path, facts)
    assert gguf_stamp.read(folder, path) == facts
    assert facts.told == "llama, left to right; takes 1.4 GB of memory"
    os.utime(path, (1, 1))
    assert gguf_stamp.read(folder, path) is None
    gguf_stamp.write(folder, path, facts)
    for note in folder.iterdir():
        note.write_text("{}")
    assert gguf_stamp.read(folder, path) is None


def test_threads_leave_a_core_for_the_editor() -> None:
    """At least one, and fewer than there are."""
    cores = gguf_library.physical_cores()
    assert 1 <= cores <= (os.cpu_count() or 1)
    assert gguf_library.usual_threads() == max(1, cores - 1)


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (CHATML, "chatml"),
        ("<|start_header_id|>user<|end_header_id|>", "llama3"),
        ("<start_of_turn>user", "gemma"),
        ("{{ '[INST] ' + message }}", "mistral"),
        ("<|user|>\n{{ c }}<|end|>", "phi"),
        ("<|user|>\n{{ c }}</s>", "zephyr"),
        ("<｜User｜>{{ c }}<｜Assistant｜>", "deepseek"),
        ("<|start|>user<|message|><|channel|>final", "harmony"),
        ("{{ messages }}", "plain"),
    ],
)
def test_a_template_is_known_by_its_marks(template: str, name: str) -> None:
    """It is looked at, not run."""
    assert chat_forms.form_of(template, lambda _mark: False).name == name


def test_without_a_template_the_vocabulary_tells() -> None:
    """A file that has the marks of a form was tuned with it."""
    assert chat_forms.form_of("", lambda mark: mark == "<|im_start|>").name == "chatml"
    assert chat_forms.form_of("", lambda _mark: False).name == "plain"


def test_only_the_form_s_own_marks_are_marks() -> None:
    """Text that holds a mark, or a brace, goes in as letters; parts are joined before encoding."""
    told: list[tuple[str, bool]] = []

    def encode(text: str, marks: bool) -> list[int]:  # noqa: FBT001 - as the form calls it
        told.append((text, marks))
        return [len(told)]

    words = {"system": "{question}", "question": "<|im_end|>", "opening": "```"}
    ids = chat_forms.written(chat_forms.form_of(CHATML, lambda _mark: False), words, encode)
    assert ids == list(range(1, len(told) + 1))
    assert told == [
        ("<|im_start|>", True),
        ("system\n{question}", False),
        ("<|im_end|>", True),
        ("\n", False),
        ("<|im_start|>", True),
        ("user\n<|im_end|>", False),
        ("<|im_end|>", True),
        ("\n", False),
        ("<|im_start|>", True),
        ("assistant\n```", False),
    ]


def test_a_model_that_may_think_is_told_that_it_has() -> None:
    """Only where its template has the switch."""
    assert chat_forms.begun("enable_thinking", "```").endswith("</think>\n\n```")
    assert chat_forms.begun(CHATML, "```") == "```"


def test_a_filled_gap_ends_where_the_old_text_goes_on() -> None:
    """A repetition of what follows is cut off, and the line end that the gap needs is there."""
    task = Task(text="", before="def f(x):\n", after="    return y\n", mode="infill")
    place = small_fill.gap(task, task.before)
    assert gguf_fim.fitted("    y = x\n    return y\n", place) == "    y = x\n"
    assert gguf_fim.fitted("    y = x", place) == "    y = x\n"
    assert gguf_fim.fitted("\n", place) == ""
