"""The scales themselves: figures, the terminal that is watched, and a short real run."""

import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diffedit.bench import beside, speed
from diffedit.bench.figures import Goal, percentile, rounded, spread
from diffedit.bench.screen import Counts, Screen
from diffedit.bench.terminal import Terminal, memory_mb
from diffedit.bench.work import Timed, engine_share
from diffedit.config import models
from diffedit.core.errors import BackendError, ModelError

values = st.lists(st.floats(0, 1e6), min_size=1, max_size=50)


@given(values, st.floats(0, 1))
def test_a_percentile_is_not_exceeded_by_its_share(numbers: list[float], share: float) -> None:
    """It is one of the values, and at least `share` of them are no larger."""
    found = percentile(numbers, share)
    assert found in numbers
    assert sum(number <= found for number in numbers) >= share * len(numbers)


def test_a_spread_has_middle_and_tail() -> None:
    """Of 1 to 100: 50.5 and 95."""
    assert spread(range(1, 101)) == {"p50": 50.5, "p95": 95.0, "n": 100}


@pytest.mark.parametrize(
    ("number", "shown"), [(0.123456, 0.123), (12.3456, 12.3), (1234.56, 1234.6), (0.0, 0.0)]
)
def test_figures_have_no_false_digits(number: float, shown: float) -> None:
    """Three digits, or one after the point."""
    assert rounded(number) == shown


def test_a_goal_is_met_up_to_its_limit() -> None:
    """On the limit is within it."""
    assert Goal(name="x", value=33, limit=33).met
    assert not Goal(name="x", value=33.1, limit=33).met


def test_a_terminal_is_watched_without_its_escapes() -> None:
    """Colours between the letters do not hide a word, even when a sequence comes in two parts."""
    code = (
        "import sys; w = sys.stdout; w.write('a\\x1b[1;3'); w.flush(); input(); w.write('1mb\\n')"
    )
    terminal = Terminal((sys.executable, "-c", code), dict(os.environ))
    terminal.wait_for(rb"a")
    typed = terminal.press(b"\n")
    _, seen = terminal.wait_for(rb"b")
    terminal.close()
    assert seen >= typed


def test_a_terminal_tells_what_never_came() -> None:
    """Waiting in vain ends with what was there instead."""
    terminal = Terminal((sys.executable, "-c", "print('hello')"), dict(os.environ))
    with pytest.raises(BackendError, match="hello"):
        terminal.wait_for(rb"bye", timeout_s=5)
    terminal.close()


def test_memory_is_this_processes() -> None:
    """A Python with tests in it holds more than ten megabytes."""
    assert (memory_mb(os.getpid()) or 0) > 10
    assert memory_mb(-1) is None


class Model:
    """Something with a method that calls another of its own."""

    size = 3

    def look(self) -> int:
        """Call the other."""
        return self.inner() + 1

    def inner(self) -> int:
        """A number."""
        return sum(range(10_000)) * 0 + 1


def test_a_watched_model_answers_as_itself() -> None:
    """The watch runs in methods only, and changes no answer."""
    timed = Timed(Model())
    assert timed.model_s == 0
    assert (timed.look(), timed.size) == (2, 3)
    assert timed.model_s > 0


def test_a_backend_without_a_denoiser_has_no_engine_share() -> None:
    """The null model hides its denoiser; nothing is claimed of it."""
    assert engine_share(models.find("null"), "auto") == {}


def test_a_model_that_is_not_here_is_not_measured() -> None:
    """It says how to get it, rather than fetching 100 MB in a measurement."""
    with pytest.raises(ModelError, match="models pull small"):
        speed.run("small")


def test_a_short_real_run(tmp_path: Path) -> None:
    """The editor in a terminal, denoising at 20 frames a second, keys typed into it."""
    screen = Screen(tmp_path, Counts(starts=1, frames=3, keys=3))
    start = screen.start_ms(100)
    assert start["ours_ms"] > 0 < start["stock_ms"]
    told = screen.while_denoising(100)
    assert told["key_to_paint_ms"]["n"] == told["frame_to_paint_ms"]["n"] == 3
    assert 0 < told["frame_to_paint_ms"]["p50"] < 1000
    assert 0 < told["key_to_paint_ms"]["p50"] < 1000


def test_all_of_it_as_json(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """One object with machine, models, screen and goals; a failed look says why."""
    monkeypatch.setattr(speed, "looks", lambda *_: iter([("start/100", failing)]))
    assert speed.run("null", as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["models"]["null"]["ms_per_step"] >= 0
    assert told["models"]["null"]["first_frame_ms"] > 0
    assert told["screen"]["start"]["100"] == {"failed": "no terminal"}
    assert told["goals"] == []
    assert speed.run("null") == 0
    assert "models.null.done_ms" in capsys.readouterr().out


def failing() -> speed.Figures:
    """A look that comes to nothing."""
    raise BackendError("no terminal")


def test_other_editors_are_measured_beside_this_one(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is installed starts and takes keys; what is not is left out."""
    gone = beside.Editor(name="gone", command=("no-such-editor",))
    monkeypatch.setattr(beside, "EDITORS", (*beside.EDITORS[:1], gone))
    assert beside.run(as_json=True, sizes=(100,), counts=Counts(starts=1, keys=2, frames=2)) == 0
    told = json.loads(capsys.readouterr().out)["editors"]
    assert set(told) == {"diffedit"}
    assert told["diffedit"]["100"]["key_to_paint_ms"]["n"] == 2
    assert told["diffedit"]["100"]["key_while_denoising_ms"]["n"] == 2
    assert told["diffedit"]["100"]["start_ms"] > 0
