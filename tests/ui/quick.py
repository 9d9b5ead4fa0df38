"""What the tests of the screen share, and when they go on. Imported before the first app is made.

A style sheet is parsed once a session, not once an app: the same words with the same colours give
the same rules, and nothing changes a rule that is parsed. And a test goes on as soon as the app has
nothing left to do, where Textual's own pilot waits for stretches of 20 ms in which the process has
used little of its processor: that is long where nothing happens, and too short where others have
the processor.
"""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from typing import Any

import textual._wait
import textual.app
import textual.pilot
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.pilot import Pilot

from diffedit.ui import haste

SOON = 0.01
"""A timer that rings within so many seconds belongs to what is going on; a clock does not."""

_parse = Stylesheet._parse_rules
_parsed: dict[Hashable, list[RuleSet]] = {}


def _parse_once(self: Stylesheet, css: str, *words: Any, **named: Any) -> list[RuleSet]:
    key = (css, words, *sorted(named.items()), frozenset(self._variables.items()))
    if key not in _parsed:
        _parsed[key] = _parse(self, css, *words, **named)
    return _parsed[key]


async def settled(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Come back when nothing is ready to run and no timer rings soon, at most in `max_sleep` s."""
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    while loop.time() < end:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        due = min((timer.when() for timer in loop._scheduled if not timer.cancelled()), default=end)
        wait = due - loop.time()
        if wait > SOON:
            return
        await asyncio.sleep(max(wait, 0.0))


async def read(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Come back when nothing is ready to run: a key is read, and its paint may wait."""
    loop: Any = asyncio.get_running_loop()
    end = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    while loop.time() < end:
        await asyncio.sleep(0)
        if not loop._ready:
            return


_press = Pilot.press


async def press(self: Pilot[Any], *keys: str) -> None:
    """Keys in a burst, as fast as they are read, and all is painted at the end."""
    await _press(self, *keys)
    if not self.app._exit:  # then it is painted on and on
        await settled()


haste.hurry()
Pilot.press = press  # type: ignore[method-assign]
Stylesheet._parse_rules = _parse_once  # type: ignore[method-assign]
for module in (textual._wait, textual.pilot):
    module.wait_for_idle = settled  # type: ignore[attr-defined]
textual.app.wait_for_idle = read  # type: ignore[attr-defined] # between two keys
