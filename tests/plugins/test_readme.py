"""The examples of plugins/README.md do what it says of them."""

import re
from datetime import datetime
from pathlib import Path
from typing import Any

from diffedit.api import Problem, Rewrite, Span
from diffedit.config import paths


def example(name: str) -> Any:
    """The function or class of that name, from the block that defines it."""
    text = (paths.bundled("plugins") / "README.md").read_text(encoding="utf-8")
    block = next(
        block
        for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL)
        if re.search(rf"^(?:def|class) {name}\b", block, re.MULTILINE)
    )
    found: dict[str, Any] = {}
    exec(block, found)
    return found[name]


class Page:
    """A page that a plugin may change."""

    text = "# changed: long ago\nx = 1\n"
    selection = Span(0, 1)

    def replace(self, span: Span, text: str) -> None:
        self.text = self.text[: span.start] + text + self.text[span.end :]


def test_the_date_is_kept_up_to_date() -> None:
    """The example for `save` puts today's date where the mark is, and nothing else."""
    page = Page()
    example("stamp")(page)
    today = datetime.now().astimezone().date().isoformat()
    assert page.text == f"# changed: {today}\nx = 1\n"


def test_what_is_left_to_do_is_a_problem() -> None:
    """The example for `check` finds a new line, and not one that was there."""
    rewrite = Rewrite(
        text="# TODO old\n# TODO new\n",
        before="# TODO old\n",
        span=Span(11, 21),
        language="python",
        path=Path("x.py"),
    )
    assert list(example("check")(rewrite)) == [
        Problem(line=2, message="leaves something to do"),
    ]


def test_the_eight_lines_are_eight_and_shout() -> None:
    """The smallest model has eight lines, blank ones left aside, and makes a text loud."""
    shout = example("Shout")("", "cpu", {})
    task = type("Task", (), {"text": "hello"})
    params = type("Params", (), {"seed": 0})
    assert [*shout.rewrite(task, params, lambda: False)][-1].text == "HELLO"
