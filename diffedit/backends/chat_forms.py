"""How chat models are spoken to: the known forms, told by a mark in the file's own template.

A template is a program of the file's maker. It is looked at, never run: the forms are few, and
what an edit needs of them is one question with an answer that is begun for the model.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Encode = Callable[[str, bool], list[int]]
"""encode(text, marks): ids; marks are told apart from text only where `marks` says so."""

_MARK = re.compile(r"(<\|[^|<>]+\|>|<｜[^｜<>]+｜>|<(?:start|end)_of_turn>|</?s>|\[/?INST\])")
_PLACE = re.compile(r"\{(system|question|opening)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """One way to write a question down."""

    name: str
    sign: str
    """A mark that only this form's templates hold; "" for the form of models without one."""
    pattern: str
    also: str = ""
    """Another mark that must be in the template."""


FORMS = (
    Form(
        name="harmony",
        sign="<|channel|>",
        pattern="<|start|>system<|message|>{system}<|end|><|start|>user<|message|>{question}<|end|>"
        "<|start|>assistant<|channel|>final<|message|>{opening}",
    ),
    Form(
        name="chatml",
        sign="<|im_start|>",
        pattern="<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n{question}<|im_end|>\n"
        "<|im_start|>assistant\n{opening}",
    ),
    Form(
        name="llama3",
        sign="<|start_header_id|>",
        pattern="<|start_header_id|>system<|end_header_id|>\n\n{system}<|eot_id|>"
        "<|start_header_id|>user<|end_header_id|>\n\n{question}<|eot_id|>"
        "<|start_header_id|>assistant<|end_header_id|>\n\n{opening}",
    ),
    Form(
        name="gemma",
        sign="<start_of_turn>",
        pattern="<start_of_turn>user\n{system}\n\n{question}<end_of_turn>\n"
        "<start_of_turn>model\n{opening}",
    ),
    Form(
        name="granite",
        sign="<|start_of_role|>",
        pattern="<|start_of_role|>system<|end_of_role|>{system}<|end_of_text|>\n"
        "<|start_of_role|>user<|end_of_role|>{question}<|end_of_text|>\n"
        "<|start_of_role|>assistant<|end_of_role|>{opening}",
    ),
    Form(
        name="command",
        sign="<|START_OF_TURN_TOKEN|>",
        pattern="<|START_OF_TURN_TOKEN|><|SYSTEM_TOKEN|>{system}<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|USER_TOKEN|>{question}<|END_OF_TURN_TOKEN|>"
        "<|START_OF_TURN_TOKEN|><|CHATBOT_TOKEN|>{opening}",
    ),
    Form(
        name="deepseek",
        sign="<｜User｜>",
        pattern="{system}<｜User｜>{question}<｜Assistant｜>{opening}",
    ),
    Form(
        name="phi",
        sign="<|user|>",
        also="<|end|>",
        pattern="<|system|>\n{system}<|end|>\n<|user|>\n{question}<|end|>\n<|assistant|>\n{opening}",
    ),
    Form(
        name="zephyr",
        sign="<|user|>",
        pattern="<|system|>\n{system}</s>\n<|user|>\n{question}</s>\n<|assistant|>\n{opening}",
    ),
    Form(
        name="mistral",
        sign="[INST]",
        pattern="[INST] {system}\n\n{question} [/INST] {opening}",
    ),
)
"""The most telling signs first: some templates name the marks of another form as well."""

PLAIN = Form(
    name="plain",
    sign="",
    pattern="{system}\n\n### Instruction:\n{question}\n\n### Response:\n{opening}",
)
"""For a model that was never tuned for chat: the form of the first instruction data sets."""

_NO_THOUGHT = "<think>\n\n</think>\n\n"


def form_of(template: str, has: Callable[[str], bool]) -> Form:
    """The form of a chat template; without one, of the marks that the vocabulary has."""
    for form in FORMS:
        if form.sign in template and form.also in template:
            return form
        if not template and has(form.sign) and (not form.also or has(form.also)):
            return form
    return PLAIN


def begun(template: str, opening: str) -> str:
    """The answer as it is begun: a model that may think first is told that it has."""
    return f"{_NO_THOUGHT}{opening}" if "enable_thinking" in template else opening


def written(form: Form, words: dict[str, str], encode: Encode) -> list[int]:
    """A form's ids with `system`, `question` and `opening` in it; no text in them is a mark."""
    ids: list[int] = []
    for part in _MARK.split(form.pattern):
        if _MARK.fullmatch(part):
            ids += encode(part, True)  # noqa: FBT003 - the one word that matters
        elif part:
            text = _PLACE.sub(lambda place: words[place.group(1)], part)
            ids += encode(text, False)  # noqa: FBT003
    return ids
