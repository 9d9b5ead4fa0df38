"""Another set of options for the loaded model: taken as it is, or loaded anew."""

from __future__ import annotations

import io
from collections.abc import Mapping

from diffedit.backends.null import NullBackend
from diffedit.worker import messages
from diffedit.worker.serve import Server


class Switching(NullBackend):
    """A model that takes another `lora` without a new load."""

    made: int = 0

    def __init__(self, model: str, device: str, options: Mapping[str, str]) -> None:
        super().__init__(model, device, {})
        Switching.made += 1
        self.taken = dict(options)

    def adapt(self, options: Mapping[str, str]) -> bool:
        """Only the adapter may be another."""
        if {**options, "lora": ""} != {**self.taken, "lora": ""}:
            return False
        self.taken = dict(options)
        return True


def test_an_adapter_is_switched_without_a_new_load() -> None:
    """The same model with another adapter stays; with another context it is made anew."""
    server = Server(io.BytesIO(), io.BytesIO(), lambda _name: Switching)
    Switching.made = 0
    seen = []
    for number, options in enumerate(
        ({"lora": "a"}, {"lora": "b"}, {}, {"context": "9"}, {"context": "9", "lora": "a"})
    ):
        load = messages.Load(id=number, backend="x", model="m", device="cpu", options=options)
        assert server._load(load).id == number
        assert isinstance(server._backend, Switching)
        assert server._backend.taken == options
        seen.append(Switching.made)
    assert seen == [1, 1, 1, 2, 2]
