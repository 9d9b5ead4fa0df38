"""The examples do what their pages say."""

import re

from diffedit.api import Backend, DenoiseParams, Event, Outcome, Started, Step, Task
from diffedit.config import paths, plugins


def run(backend: Backend, text: str, steps: int | None = None) -> list[Event]:
    """All events of a rewrite that is cancelled after so many steps."""
    events: list[Event] = []

    def cancelled() -> bool:
        return steps is not None and sum(isinstance(event, Step) for event in events) >= steps

    for event in backend.rewrite(Task(text=text), DenoiseParams(), cancelled):
        events.append(event)  # noqa: PERF402 - `cancelled` looks at it meanwhile
    return events


def test_hello_shows_each_step_and_ends() -> None:
    """One Started, a step a word, one Outcome with all words turned."""
    first, *steps, last = run(plugins.backend("hello")("", "auto", {}), "Ab cD\n")
    assert isinstance(first, Started)
    assert [step.step for step in steps if isinstance(step, Step)] == [1, 2]
    assert isinstance(last, Outcome)
    assert (last.text, last.stop) == ("aB Cd\n", "sure")


def test_hello_stops_when_told() -> None:
    """A cancelled run ends with its last picture."""
    last = run(plugins.backend("hello")("", "auto", {}), "Ab cD", steps=1)[-1]
    assert isinstance(last, Outcome)
    assert (last.text, last.stop) == ("aB cD", "cancelled")


def test_the_model_in_the_readme_has_eight_lines_and_works() -> None:
    """The code that the page shows, saved as it says, is a backend."""
    readme = (paths.bundled("plugins") / "README.md").read_text(encoding="utf-8")
    toml = re.findall(r"```toml\n(.*?)```", readme, re.DOTALL)[0]
    code = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)[0]
    assert len([line for line in code.splitlines() if line.strip()]) == 8
    place = paths.config_dir() / "plugins" / "shout"
    place.mkdir(parents=True)
    (place / "plugin.toml").write_text(toml, encoding="utf-8")
    (place / "shout.py").write_text(code, encoding="utf-8")
    last = run(plugins.backend("shout")("", "auto", {}), "hi")[-1]
    assert isinstance(last, Outcome)
    assert last.text == "HI"


def test_the_readme_names_every_plugin_that_ships() -> None:
    """The table at its end is complete."""
    folder = paths.bundled("plugins")
    readme = (folder / "README.md").read_text(encoding="utf-8")
    shipped = [plugin.name for plugin in plugins.find().plugins if plugin.folder]
    assert len(shipped) == len(list(folder.glob("*/plugin.toml")))
    assert [name for name in shipped if f"| `{name}` |" not in readme] == []
