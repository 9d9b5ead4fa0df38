"""A model on a server: anything that speaks OpenAI's /v1/chat/completions with streaming.

[models.mercury]                       # in settings.toml
backend = "openai_compatible"
model = "mercury-coder"
url = "https://api.inceptionlabs.ai/v1"
key_env = "INCEPTION_API_KEY"
diffusing = true                       # each chunk is the whole text so far, not an addition
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from diffedit.api import (
    Abilities,
    BackendError,
    Cancelled,
    DenoiseParams,
    Event,
    ModelError,
    Outcome,
    Piece,
    Report,
    Started,
    Step,
    Task,
    extract_code,
    fit_to_span,
)

from .answer import Answer
from .keys import from_command, from_variable
from .stream import Stream, events, patient, said

OPTIONS = {
    "url": "",
    "key_env": "",
    "key_command": "",
    "diffusing": "false",
    "thinking": "false",
    "seed": "false",
    "temperature": "",
    "max_tokens": "2048",
    "timeout_s": "60",
    "retries": "2",
}
"""The options and what they are when not given; plugins/README.md tells what each does."""

SYSTEM = (
    "You edit one span of a file. Reply with the text that shall stand in place of the span and "
    "nothing else: no explanation, no code fence, the span's own indentation."
)

WANTED = {
    "rewrite": "Rewrite the span as the instruction says.",
    "infill": "Write what is missing at the span, so that it fits both sides.",
    "continue": "Go on from where the text before the span ends.",
}


class OpenAICompatible:
    """A remote model; `model` is its name on the server."""

    name = "openai_compatible"
    device = "remote"

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        """Check the options, so that a mistake is told before anything is sent."""
        for key in options:
            if key not in OPTIONS:
                close = difflib.get_close_matches(key, OPTIONS, n=1) or [", ".join(OPTIONS)]
                raise ModelError(
                    f"openai_compatible has no option {key!r}.", hint=f"Did you mean {close[0]}?"
                )
        self.model = model
        self._options = {**OPTIONS, **options}
        self._max_tokens = int(self._number("max_tokens", least=1))
        self._timeout_s = self._number("timeout_s", least=0.01)
        self._retries = int(self._number("retries", least=0))
        self._known_key: str | None = None
        self._diffusing = self._switch("diffusing")
        self.abilities = Abilities(
            seed=self._switch("seed"),
            thinking=self._switch("thinking"),
            canvas_length=self._max_tokens,
        )

    def load(self, report: Report) -> None:
        """See that it can be asked: an address, a model's name, a key where one is named."""
        report("find", 0, 1)
        address = urlsplit(self._options["url"])
        if address.scheme not in ("http", "https") or not address.netloc:
            raise ModelError(
                "openai_compatible needs the server's address.",
                hint='Give it in settings.toml: [models.NAME] url = "http://127.0.0.1:8080/v1".',
            )
        if not self.model:
            raise ModelError(
                "openai_compatible needs a model's name.",
                hint='Give it in settings.toml: [models.NAME] model = "…".',
            )
        self._key()
        report("find", 1, 1)

    def rewrite(self, task: Task, params: DenoiseParams, cancelled: Cancelled) -> Iterator[Event]:
        """Ask, and show every chunk as it comes. Closes the connection when cancelled."""
        room = self._max_tokens
        yield Started(seed=params.seed, max_steps=None, canvas_length=room, free=room, kept=0)
        url = self._options["url"].rstrip("/") + "/chat/completions"
        host = urlsplit(url).netloc.rpartition("@")[2]
        headers = {"Authorization": f"Bearer {key}"} if (key := self._key()) else {}
        body = self._body(task, params)
        answer = Answer(diffusing=self._diffusing)
        lines = patient(
            lambda: Stream(url, body, headers, timeout_s=self._timeout_s), self._retries, cancelled
        )
        for data in events(lines):
            if answer.take(self._parsed(data, host)):
                yield self._step(answer)
            if answer.ended:
                break
        if cancelled() and not answer.ended:
            yield self._outcome(answer, answer.shown(), "cancelled")
            return
        if not answer.ended:
            raise BackendError(f"{host} broke off in the middle of its answer.")
        text = extract_code(
            answer.text, task.language, instruction=task.instruction, original=task.text
        )
        if task.mode != "continue":
            text = fit_to_span(text, task.text, before=task.before)
        if not text.strip():
            raise ModelError("The model answered without any text to put here.")
        yield self._outcome(answer, text, "steps" if answer.cut else "end")

    def _body(self, task: Task, params: DenoiseParams) -> dict[str, Any]:
        """What is posted."""
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [
                {"role": "system", "content": SYSTEM},
                {"role": "user", "content": prompt(task)},
            ],
            "stream": True,
            "max_tokens": self._max_tokens,
        }
        if self._diffusing:
            body["diffusing"] = True
        if self.abilities.seed:
            body["seed"] = params.seed
        if self._options["temperature"]:
            body["temperature"] = self._number("temperature", least=0)
        return body

    def _parsed(self, data: str, host: str) -> dict[str, Any]:
        """One event's JSON. Raises BackendError for an error the server sends in the stream."""
        if data.strip() == "[DONE]":
            return {"done": True}
        try:
            found = json.loads(data)
        except ValueError as error:
            raise BackendError(f"{host} sent something that is not JSON.") from error
        if not isinstance(found, dict):
            raise BackendError(f"{host} sent something that is no answer.")
        if found.get("error"):
            raise BackendError(f"{host} broke off with an error.{said(found, self._key())}")
        return found

    def _step(self, answer: Answer) -> Step:
        """The picture so far."""
        pieces = answer.pieces()
        sure = sum(len(piece.text) for piece in pieces if piece.state == "accepted")
        length = sum(len(piece.text) for piece in pieces)
        return Step(
            canvas=1,
            step=answer.chunks,
            canvas_step=answer.chunks,
            pieces=pieces or (Piece("", "accepted"),),
            accepted=sure / length if length else 0.0,
            thought=answer.thought,
        )

    def _outcome(self, answer: Answer, text: str, stop: Any) -> Outcome:
        return Outcome(
            text=text,
            stop=stop,
            steps=answer.chunks,
            canvases=1,
            tokens=answer.tokens,
            thought=answer.thought,
            note=f"The answer was cut at {self._max_tokens} tokens." if answer.cut else "",
        )

    def _key(self) -> str:
        """The key, asked for once and kept in memory only. Raises ModelError if there is none."""
        if self._known_key is None:
            variable, command = self._options["key_env"], self._options["key_command"]
            if variable and command:
                raise ModelError(
                    "openai_compatible has two places for its key.",
                    hint="Leave out key_env or key_command.",
                )
            self._known_key = from_variable(variable) if variable else from_command(command)
        return self._known_key

    def _number(self, key: str, *, least: float) -> float:
        """An option that is a number."""
        try:
            number = float(self._options[key])
        except ValueError:
            number = float("nan")
        if not least <= number < 1e9:
            raise ModelError(
                f"openai_compatible: {key} must be a number from {least:g} up, "
                f"not {self._options[key]!r}."
            )
        return number

    def _switch(self, key: str) -> bool:
        """An option that is true or false."""
        if self._options[key] not in ("true", "false"):
            raise ModelError(
                f"openai_compatible: {key} must be true or false, not {self._options[key]!r}."
            )
        return self._options[key] == "true"


def prompt(task: Task) -> str:
    """The task in plain words; the span stands between marks, with both sides around it."""
    parts = [
        WANTED[task.mode],
        f"Language: {task.language}" if task.language else "",
        f"Instruction: {task.instruction}" if task.instruction else "",
        f"<before>\n{task.before}</before>",
        f"<span>\n{task.text}</span>",
        f"<after>\n{task.after}</after>",
    ]
    return "\n".join(part for part in parts if part)
