"""What plugins may rely on."""

import inspect

from diffedit import api
from diffedit.config import paths

PROMISED = {
    *("API_VERSION", "Abilities", "Backend", "BackendError", "Cancelled", "CommandContext"),
    *("DenoiseParams", "DiffeditError", "Event", "FileError", "Mode", "ModelError"),
    *("OutOfMemoryError", "Outcome", "Piece", "Problem", "Report", "RequestError", "Rewrite"),
    *("Span", "Started"),
    *("Step", "Task", "TooLongError", "extract_code", "fit_to_span"),
}


def test_the_promised_names_are_all_there() -> None:
    """A name taken away, or one added by accident, breaks the promise."""
    assert set(api.__all__) == PROMISED
    assert all(hasattr(api, name) for name in PROMISED)


def test_the_version_is_the_one_that_plugins_say() -> None:
    """Whoever raises it must mean to."""
    assert api.API_VERSION == 1


def test_a_command_sees_the_page_through_these() -> None:
    """The context's members are part of the promise."""
    members = {name for name in vars(api.CommandContext) if not name.startswith("_")}
    assert members == {"text", "selection", "language", "path", "replace", "notify"}
    assert list(inspect.signature(api.CommandContext.replace).parameters) == [
        "self",
        "span",
        "text",
    ]


def test_the_fields_that_plugins_fill_in_stay() -> None:
    """What the examples pass by name can be passed by name."""
    assert {"seed", "frames", "thinking", "canvas_length"} <= set(api.Abilities.__slots__)
    assert {
        "text",
        "before",
        "after",
        "instruction",
        "mode",
        "language",
        "keep",
        "noised",
        "thinking",
    } <= set(api.Task.__slots__)
    assert {"text", "stop", "steps", "canvases", "tokens", "note"} <= set(api.Outcome.__slots__)


def test_the_page_names_all_that_is_promised() -> None:
    """plugins/README.md has every name of the API."""
    told = (paths.bundled("plugins") / "README.md").read_text(encoding="utf-8")
    assert [name for name in api.__all__ if f"`{name}`" not in told] == []
