"""The remote backend against a real HTTP server on this machine."""

import shlex
import sys
from pathlib import Path
from typing import Any

import pytest
from servers import DONE, Server, chunk, serving

from diffedit.api import (
    Backend,
    BackendError,
    DenoiseParams,
    DiffeditError,
    Event,
    ModelError,
    Outcome,
    Started,
    Step,
    Task,
)
from diffedit.config import models, paths, plugins, settings

TASK = Task(
    text="    x = 1\n",
    before="def f():\n",
    after="    return x\n",
    instruction="make it two",
    language="python",
)


def backend(url: str, **options: str) -> Backend:
    """The plugin, as the worker makes it."""
    made = plugins.backend("openai_compatible")(
        "tiny", "auto", {"url": url, "retries": "0", **options}
    )
    made.load(lambda _stage, _done, _total: None)
    return made


def run(url: str, **options: str) -> list[Event]:
    """All events of one rewrite."""
    return list(backend(url, **options).rewrite(TASK, DenoiseParams(seed=5), lambda: False))


def refused(url: str, **options: str) -> DiffeditError:
    """The error that a rewrite ends in, which is one line."""
    with pytest.raises(DiffeditError) as caught:
        run(url, **options)
    assert "\n" not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    return caught.value


def test_chunks_are_shown_as_they_come() -> None:
    """A streamed answer is a Step for each chunk, each a whole picture, then one Outcome."""
    with serving(chunk("    x "), chunk("= 2"), chunk("", finish="stop"), DONE) as server:
        first, *steps, last = run(server.url)
    assert isinstance(first, Started)
    assert [step.step for step in steps if isinstance(step, Step)] == [1, 2]
    shown = ["".join(p.text for p in step.pieces) for step in steps if isinstance(step, Step)]
    assert shown == ["    x ", "    x = 2"]
    assert isinstance(last, Outcome)
    assert (last.text, last.stop, last.steps, last.tokens) == ("    x = 2\n", "end", 2, 2)


def test_what_is_asked_holds_the_task() -> None:
    """The request streams, names the model, and carries the span, both sides and the wish."""
    with serving(chunk("x", finish="stop")) as server:
        run(server.url, temperature="0.2", max_tokens="99")
    (asked,) = server.asked
    assert server.paths == ["/v1/chat/completions"]
    assert server.keys == [None]
    assert {key: asked[key] for key in asked if key != "messages"} == {
        "model": "tiny",
        "stream": True,
        "max_tokens": 99,
        "temperature": 0.2,
    }
    words = asked["messages"][-1]["content"]
    for part in (TASK.text, TASK.before, TASK.after, TASK.instruction, "python"):
        assert part in words


def test_a_diffusing_model_replaces_the_text() -> None:
    """Each chunk is the whole picture; what changed since the last is noise, the rest accepted."""
    parts = (chunk("a ? ?"), chunk("a b ?"), chunk("a b c"), chunk("", finish="stop"), DONE)
    with serving(*parts) as server:
        events = run(server.url, diffusing="true", seed="true")
    assert server.asked[0]["diffusing"] is True
    assert server.asked[0]["seed"] == 5
    pictures = [
        [(piece.text, piece.state) for piece in step.pieces]
        for step in events
        if isinstance(step, Step)
    ]
    assert pictures[1] == [("a", "accepted"), (" b", "noise"), (" ?", "accepted")]
    assert ["".join(text for text, _ in picture) for picture in pictures][-1] == "a b c"
    assert isinstance(events[-1], Outcome)
    assert events[-1].text.strip() == "a b c"


def test_fences_and_prose_are_taken_off() -> None:
    """What a chat model puts around the code is not pasted, and is hidden while it streams."""
    answer = "```python\nx = 2\n```\n"
    with serving(*(chunk(sign) for sign in answer), chunk("", finish="stop")) as server:
        events = run(server.url)
    assert not any("```" in piece.text for e in events if isinstance(e, Step) for piece in e.pieces)
    assert isinstance(events[-1], Outcome)
    assert events[-1].text == "    x = 2\n"


def test_reasoning_goes_to_its_channel() -> None:
    """What the model thinks is told apart from what it writes."""
    parts = (chunk(reasoning_content="hm"), chunk("x = 2", finish="stop"))
    with serving(*parts) as server:
        events = run(server.url, thinking="true")
    assert isinstance(events[-1], Outcome)
    assert events[-1].thought == "hm"
    assert "hm" not in events[-1].text


def test_a_server_that_does_not_stream_is_understood() -> None:
    """One JSON answer is one step, and the server's own count of tokens is taken."""
    body = (
        b'{"choices": [{"message": {"content": "x = 2"}, "finish_reason": "length"}],\n'
        b' "usage": {"completion_tokens": 7}}'
    )
    with serving(body) as server:
        last = run(server.url)[-1]
    assert isinstance(last, Outcome)
    assert (last.text, last.tokens, last.steps) == ("    x = 2\n", 7, 1)
    assert last.note == "The answer was cut at 2048 tokens."


def test_odd_but_legal_streams_are_read() -> None:
    """Comments, CRLF, events in several lines and other fields are part of the format."""
    odd = (
        b": keep-alive\r\n\r\nevent: message\r\nid: 3\r\n"
        b'data: {"choices": [{"delta": \r\ndata: {"content": "x = 2"}}]}\r\n\r\n'
        b'data:{"choices": []}\n\ndata: [DONE]\n\n'
    )
    with serving(odd) as server:
        last = run(server.url)[-1]
    assert isinstance(last, Outcome)
    assert last.text == "    x = 2\n"


@pytest.mark.parametrize("silent", [False, True])
def test_a_cancel_closes_the_connection(silent: bool) -> None:  # noqa: FBT001
    """Cancelled while the server is silent, the run ends with its picture and hangs up."""
    with serving(chunk("    x ="), hold=True) as server:
        server.silent = silent
        seen: list[Event] = []

        def cancelled() -> bool:
            return server.reached.is_set() if silent else len(seen) > 1

        for event in backend(server.url).rewrite(TASK, DenoiseParams(), cancelled):
            seen.append(event)  # noqa: PERF402 - `cancelled` looks at it meanwhile
        assert server.gone.wait(10)
    assert isinstance(seen[-1], Outcome)
    assert seen[-1].stop == "cancelled"
    assert seen[-1].text == ("" if silent else "    x =")


def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable that options name is sent as a bearer token, and nothing else is."""
    monkeypatch.setenv("TINY_KEY", "s3cret\n")
    with serving(chunk("x", finish="stop")) as server:
        run(server.url, key_env="TINY_KEY")
    assert server.keys == ["Bearer s3cret"]


@pytest.mark.parametrize(("value", "said"), [(None, "is not set"), ("a b\nc", "is no key")])
def test_a_key_that_is_not_there_is_told(
    monkeypatch: pytest.MonkeyPatch, value: str | None, said: str
) -> None:
    """A missing or impossible key is told before anything is sent, and is not shown."""
    if value:
        monkeypatch.setenv("TINY_KEY", value)
    with pytest.raises(ModelError, match="TINY_KEY") as caught:
        backend("http://127.0.0.1:9/v1", key_env="TINY_KEY")
    assert said in str(caught.value)
    assert "a b" not in str(caught.value)


def test_the_key_may_come_from_a_keyring(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A command prints it, no shell between; it is asked once and stands in no log."""
    asked = tmp_path / "asked"
    code = f"open({str(asked)!r}, 'a').write('x'); print('s3cret'); print('# a note')"
    command = shlex.join([sys.executable, "-c", code])
    caplog.set_level("DEBUG")
    with serving(chunk("x", finish="stop")) as server:
        made = backend(server.url, key_command=command)
        for _ in range(2):
            list(made.rewrite(TASK, DenoiseParams(), lambda: False))
    assert server.keys == ["Bearer s3cret"] * 2
    assert asked.read_text() == "x"
    assert "s3cret" not in caplog.text


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("no-such-keyring-here get", "cannot be run"),
        ("'", "cannot be run: it is no command"),
        (shlex.join([sys.executable, "-c", "print('s3cret'); raise SystemExit(3)"]), "exit code 3"),
        (shlex.join([sys.executable, "-c", ""]), "printed nothing"),
        (shlex.join([sys.executable, "-c", "print('s3cret words')"]), "that is no key"),
    ],
)
def test_a_keyring_without_a_key_is_told(command: str, said: str) -> None:
    """What went wrong and what to try; nothing of what it printed."""
    with pytest.raises(ModelError) as caught:
        backend("http://127.0.0.1:9/v1", key_command=command)
    assert said in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_two_places_for_the_key_is_one_too_many() -> None:
    """Which of them would be meant is not guessed."""
    with pytest.raises(ModelError, match="two places for its key"):
        backend("http://127.0.0.1:9/v1", key_command="a", key_env="B")


@pytest.mark.parametrize("status", [200, 401, 500])
def test_a_server_that_repeats_the_key_does_not_get_it_shown(
    monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """Neither in a refusal nor in an error within the stream."""
    monkeypatch.setenv("TINY_KEY", "s3cret")
    words = b'{"error": {"message": "no such key: Bearer s3cret"}}'
    body = b"data: " + words + b"\n\n" if status == 200 else words
    with serving(body, status=status) as server:
        told = str(refused(server.url, key_env="TINY_KEY"))
    assert "no such key: Bearer (the key)" in told
    assert "s3cret" not in told


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_server_is_asked_again(status: int) -> None:
    """As soon as it says, and as often as `retries`; then its answer is taken."""
    with serving(chunk("x = 2", finish="stop")) as server:
        server.headers["Retry-After"] = "0"
        server.refusals = [status, status]
        last = run(server.url, retries="2")[-1]
        assert len(server.asked) == 3
        assert isinstance(last, Outcome)
        assert last.text == "    x = 2\n"
        server.refusals = [status, status]
        assert f"({status})" in str(refused(server.url, retries="1"))
        assert len(server.asked) == 5


def test_a_server_that_asks_for_an_hour_is_not_waited_for() -> None:
    """The person decides what to do meanwhile."""
    with serving(status=429) as server:
        server.headers["Retry-After"] = "3600"
        assert "asks to wait" in str(refused(server.url, retries="2"))
        assert len(server.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 404, 500])
def test_what_will_not_pass_is_not_asked_again(status: int) -> None:
    """A wrong key or name stays wrong."""
    with serving(status=status) as server:
        refused(server.url, retries="2")
        assert len(server.asked) == 1


def test_an_answer_that_broke_off_is_not_asked_for_again() -> None:
    """What was shown is not silently replaced by another answer."""
    with serving(chunk("x =")) as server:
        assert "broke off" in str(refused(server.url, retries="2"))
        assert len(server.asked) == 1


def test_a_cancel_ends_the_waiting() -> None:
    """Between two tries a cancel is heard at once."""
    with serving(status=429) as server:
        server.headers["Retry-After"] = "20"
        made = backend(server.url, retries="2")
        events = list(made.rewrite(TASK, DenoiseParams(), server.reached.is_set))
    assert isinstance(events[-1], Outcome)
    assert events[-1].stop == "cancelled"


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (401, b'{"error": {"message": "bad \\u001b[2J key"}}', 'refused the key (401). It said: "'),
        (404, b"<html>", "knows no such address or model (404)."),
        (429, b'{"error": "slow down"}', 'asks to wait (429). It said: "slow down"'),
        (500, b'{"message": "out of memory"}', 'an error (500). It said: "out of memory"'),
    ],
)
def test_a_refusal_is_told_in_the_servers_words(status: int, body: bytes, said: str) -> None:
    """An HTTP error is one line: who, what, and what the server said of it."""
    with serving(body, status=status) as server:
        assert said in str(refused(server.url))


def test_a_redirect_is_not_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The key goes to no other server than the one that was named."""
    monkeypatch.setenv("TINY_KEY", "s3cret")
    with serving(chunk("x", finish="stop")) as other, serving(status=302) as server:
        server.headers["Location"] = other.url
        assert f"sends us to {other.url}" in str(refused(server.url, key_env="TINY_KEY"))
        assert other.asked == []


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ([chunk("x =")], "broke off in the middle"),
        ([], "broke off in the middle"),
        ([b'data: {"error": {"message": "overloaded"}}\n\n'], 'error. It said: "overloaded"'),
        ([b"data: {oops\n\n"], "not JSON"),
        ([b"data: [1]\n\n"], "no answer"),
        ([chunk("  \n", finish="stop")], "without any text"),
    ],
)
def test_a_broken_stream_is_told(parts: list[bytes], said: str) -> None:
    """A stream that ends early, or says nothing usable, is an error and never pasted."""
    with serving(*parts) as server:
        assert said in str(refused(server.url))


def test_nobody_at_the_address_is_told() -> None:
    """A refused connection names the server and asks the right questions."""
    with Server([]) as server:
        url = server.url
    error = refused(url)
    assert isinstance(error, BackendError)
    assert "cannot be reached" in str(error)
    assert "Is the server running" in str(error)


def test_a_silent_server_is_given_up() -> None:
    """After timeout_s without a word the run ends, and the message names the option."""
    with serving(hold=True) as server:
        server.silent = True
        assert "was silent for 0.2 s" in str(refused(server.url, timeout_s="0.2"))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"diffusin": "true"}, "Did you mean diffusing?"),
        ({"diffusing": "yes"}, "must be true or false"),
        ({"max_tokens": "many"}, "max_tokens must be a number from 1 up"),
        ({"retries": "-1"}, "retries must be a number from 0 up"),
        ({"timeout_s": "nan"}, "timeout_s must be a number"),
        ({"url": "file:///etc/passwd"}, "needs the server's address"),
        ({"url": ""}, "needs the server's address"),
    ],
)
def test_a_wrong_option_is_told(options: dict[str, str], said: str) -> None:
    """A mistake in the options is told when the model is loaded, by name."""
    given: dict[str, Any] = {"url": "http://127.0.0.1:9/v1", **options}
    with pytest.raises(ModelError) as caught:
        backend(**given)
    assert said in str(caught.value)


def test_it_is_set_up_in_settings() -> None:
    """The table that plugins/README.md shows makes a model that loads."""
    readme = (paths.bundled("plugins") / "README.md").read_text(encoding="utf-8")
    shown = readme.split("```toml\n[models.local]")[1].split("```")[0]
    path = settings.settings_file()
    path.parent.mkdir(parents=True)
    path.write_text("[models.local]" + shown.replace("key_", "# key_"), encoding="utf-8")
    model = models.find("local")
    made = plugins.backend(model.backend)(model.path, "auto", model.options)
    made.load(lambda _stage, _done, _total: None)
    assert made.model == "qwen2.5-coder"
