"""The picture of a task while its parts take their turns, and what the person types into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from diffedit.core.document import Document
from diffedit.core.draft import Piece
from diffedit.core.hand import Hand
from diffedit.core.span import Span
from diffedit.core.stretch import Stretch, Stretches, held, joined
from diffedit.engine.task import Task
from diffedit.worker.messages import Done
from diffedit.worker.parts import Part, parts_of, sound, task_of_part, to_come
from diffedit.worker.wish import Wish, bare_stretches, place_of, task_of, with_bare_ends

if TYPE_CHECKING:
    from diffedit.engine.backend import Abilities


class Turns:
    """Moves: which part is denoised, what those before have become, what was typed into each.

    What is typed into the part that is denoised goes to the model. In one that is done it stays as
    it was typed; one that is still to come begins with it.
    """

    def __init__(self, task: Task, parts: Sequence[Part], between: Stretches) -> None:
        """`between`: what of the task's text is no place of the edit."""
        self.parts = parts
        self.part = parts[0]
        self.lost = False
        """Whether a model's answer was not taken, since it lacked what was typed."""
        self._task, self._between = task, joined(between)
        self._due = 0
        """The number of the hand that the part's answer has to heed; 0: nothing was typed."""
        self.hand = Hand(pieces=to_come(task), caret=None, fixed=self._held_by_us())

    def _held_by_us(self) -> Stretches:
        """What no model is shown as its own; what lies at an end of the text holds that end."""
        if self.part.whole:
            return ()
        last = len(self._task.text)
        return tuple(
            (start - (start == 0), end + (end == last)) for start, end in joined(self._task.keep)
        )

    def begin(self, part: Part) -> Task:
        """This part is next; what the model is asked."""
        self.part = part
        self._due = self.hand.number if self.mine.own else 0
        start, end = self._place
        text = self.hand.text
        return task_of_part(self._task, part, text[:start], text[end:])

    @property
    def _place(self) -> Stretch:
        """Where the part stands in the picture."""
        if self.part.whole:
            return 0, len(self.hand.text)
        number = sum(end <= self.part.start for _, end in joined(self._task.keep))
        return self.hand.gaps[number]

    @property
    def mine(self) -> Hand:
        """The hand in the part that is denoised."""
        return self.hand if self.part.whole else self.hand.part(*self._place)

    def _put(self, mine: Hand) -> None:
        """The part is as that hand has it."""
        self.hand = mine if self.part.whole else self.hand.with_part(*self._place, mine)

    @property
    def due(self) -> Hand | None:
        """What the model has to take in, in its own part; None: nothing was typed there."""
        return self.mine if self._due else None

    def late(self, done: Done) -> bool:
        """Whether something was typed that an answer does not know of."""
        return done.pinned < self._due

    # The person --------------------------------------------------------------------------------

    def entered(self, place: int) -> Hand:
        """The hand with its caret at a place of the picture."""
        hand = self.hand.at(place)
        if not self.part.whole or not self._between or hand.fixed:
            return hand
        parts = (self._task.text[slice(*part)] for part in self._between)
        # Where it is not known what lies between the places, nothing is typed into the picture.
        return hand.fixing(parts) or replace(hand, fixed=((-1, len(hand.text) + 1),))

    def write(self, hand: Hand) -> bool:
        """The picture as they have left it; whether the model has to be told."""
        before, self.hand = self.mine, hand
        mine = self.mine
        if hand.number == before.number or (mine.text, mine.own) == (before.text, before.own):
            return False
        self._due = hand.number
        return True

    # The model ---------------------------------------------------------------------------------

    def pictured(self, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
        """The whole picture with the model's own of the part."""
        if self.part.whole:
            return pieces
        return self.hand.with_part(*self._place, replace(self.mine, pieces=pieces)).pieces

    def seen(self, pieces: tuple[Piece, ...], pinned: int) -> None:
        """One more picture of the part, which heeds what was typed up to `pinned`.

        One that lacks what was typed is passed over.
        """
        if pinned < self._due:
            return
        moved = self.mine.seen(pieces)
        if moved is None and not self.mine.own:
            # Nothing is lost by it; where it is free to be typed into is asked again.
            moved = replace(self.mine, pieces=pieces, fixed=(), caret=None)
        if moved is not None:
            self._put(moved)

    def answers(self, done: Done) -> tuple[str, ...]:
        """The answers for the part that hold all that has to stay, the best first."""
        mine, old = self.mine, self._task.text
        texts = tuple(dict.fromkeys((done.text, *done.alternatives)))
        if not mine.own:
            return sound(self._task, texts) if self.part.whole else texts
        # Who types into a pin has taken it off: what has to come back is what the hand says.
        texts = tuple(text for text in texts if mine.holds(text))
        if not self.part.whole:
            return texts
        return tuple(text for text in texts if held(old, self._between, text))

    def whole(self, text: str) -> str:
        """All of the text, with an answer for the part."""
        start, end = self._place
        return self.hand.text[:start] + text + self.hand.text[end:]

    def took(self, answers: Sequence[str]) -> None:
        """The best answer stands in the part's place; where there is none, what was typed does."""
        self.lost = self.lost or not answers
        if answers:
            self._put(self.mine.over(answers[0]))


def turns_of(task: Task, between: Stretches, abilities: Abilities | None) -> Turns:
    """The turns that a task takes with a model of these abilities. Raises RequestError."""
    parts = parts_of(
        task,
        clamp=bool(abilities and abilities.clamp),
        canvas=(abilities.canvas_length or 0) if abilities else 0,
    )
    return Turns(task, parts, between)


def first_task(document: Document, span: Span, wish: Wish, abilities: Abilities | None) -> Task:
    """What a model is asked first for a wish that may still lack its words.

    Raises RequestError where there is nothing to be asked.
    """
    said = wish.instruction.strip()
    with_ends = task_of(document, place_of(span, wish), replace(wish, instruction=said or "-"))
    task = replace(with_bare_ends(with_ends), instruction=said)
    turns = turns_of(task, bare_stretches(with_ends, wish.between), abilities)
    return turns.begin(turns.parts[0])
