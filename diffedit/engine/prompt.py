"""What goes round the span and what comes back: how much context fits, and how an answer is fitted.

Pure string functions. What a model is told, word for word, stands in its backend.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Count = Callable[[str], int]
"""count(text): how many tokens it takes."""

PROSE_LANGUAGES = frozenset({"markdown", "restructuredtext", "text", "text only", "tex", "groff"})
"""Languages in which sentences are the text itself, by Pygments' names, lower case."""

SENTENCE_LIKE = frozenset({"yaml", "properties", "docker", "gherkin"})
"""Languages whose lines look like sentences: only fences are stripped."""

MOST_TOLD = 400
"""Characters that are told of one rejected text, or of one error."""

_FENCE = re.compile(r"^ {0,3}(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*$", re.MULTILINE)
_ANY_FENCE = re.compile(r"^ {0,3}(?:```|~~~)", re.MULTILINE)
_BLANK_LEAD = re.compile(r"(?:[ \t]*\n)*")
_BLANK_TAIL = re.compile(r"(?:\n[ \t]*)*\Z")
_CHATTER = re.compile(
    r"(?:sure|certainly|of course|okay|ok|here(?:'s| is| are)|i(?:'ve| have|'ll| will)|note|"
    r"(?:this|the) (?:code|function|method|class|version|above|updated|following|new|rewritten|"
    r"modified)|you can|let me|explanation|changes|changes made)(?=[,:!.]?(?:\s|$))",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?:(?:[-*]|\d+[.)])\s+)?[\"'(*`]*[A-Z].*[.:!?][\"')*`]*")
_CODE_SIGNS = re.compile(r"[{};=]|^[@#<>/\"']|\w\([\"']|->|::")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What of the text around the span is told to the model."""

    before: str
    after: str


def budget(before: str, after: str, *, limit: int, count: Count) -> Context:
    """As much of both sides as fits into `limit` tokens, cut at line ends, the nearest kept.

    The text before may take two thirds, since it says what the names mean; what one side does
    not need goes to the other. Of a side whose nearest line alone is too long, that line's
    nearest part is kept.
    """
    for_after = min(count(after), limit - limit * 2 // 3)
    kept_before = _nearest_end(before, limit - for_after, count)
    kept_after = _nearest_start(after, limit - count(kept_before), count)
    return Context(before=kept_before, after=kept_after)


def extract_code(
    answer: str,
    language: str,
    *,
    instruction: str = "",
    original: str = "",
    opened: bool = False,
) -> str:
    """The code in a model's answer, without the prose, fences and echo around it.

    Args:
        answer: What the model wrote.
        language: The file's language; in a language of prose, prose is kept.
        instruction: Dropped where the answer begins by repeating it.
        original: The span's text; if it reads as prose itself, prose is kept.
        opened: The prompt ended with an opening fence, so the first fence closes it.

    Returns:
        The code, or "" where there is only prose. It must not be pasted then.
    """
    answer = _without_echo(answer, instruction)
    if opened:
        closing = _ANY_FENCE.search(answer)
        return answer[: closing.start()] if closing else answer
    wrapped = _ANY_FENCE.search(original) is None and language.lower() not in PROSE_LANGUAGES
    if wrapped:
        answer = _before_closing(answer)
    fenced = _fenced(answer, language, original) if wrapped else _unwrapped(answer)
    if fenced is not None:
        return fenced
    if not wrapped or language.lower() in SENTENCE_LIKE | {""} or _is_prose(original):
        return answer
    lines = answer.split("\n")
    code = [row for row, line in enumerate(lines) if line.strip() and not looks_like_prose(line)]
    return "\n".join(lines[code[0] : code[-1] + 1]) if code else ""


def fence_closed(text: str) -> bool:
    """Whether an answer that began inside a fence has reached its closing one."""
    return _ANY_FENCE.search(text) is not None


def looks_like_prose(line: str) -> bool:
    """Whether a line among code reads as a sentence to a person: a guess, on the safe side."""
    text = line.strip()
    if not text or line[0] in " \t" or _CODE_SIGNS.search(text):
        return False
    if _CHATTER.match(text):
        return len(text.split()) > 1 or text[-1] in ".:!"
    return len(text.split()) > 2 and _SENTENCE.fullmatch(text) is not None


def fit_to_span(answer: str, original: str, *, before: str = "") -> str:
    """The answer with the span's own indentation, blank edges and final newline.

    All lines move by what the first non-blank one is off by, so that they keep their places to
    one another; where the other lines already stand as in the span, only the first one moves.
    `before` is the text left of the span: a span that begins within its line is fitted to it.
    """
    if not answer.strip(" \t\n"):
        return ""
    lead, tail = _edges(original)
    body = _stripped(answer)
    if not original.strip(" \t\n"):
        return body + "\n" * original.count("\n")
    lines = _same_unit(body.split("\n"), original)
    line_start = "" if lead else before[before.rfind("\n") + 1 :]
    first, own = _indent(lines[0]), _indent(original[len(lead) :])
    if line_start.strip(" \t"):
        # Code stands left of the span on its line, so the first line has nothing to restore.
        moves = [("", ""), (first, _indent(line_start))]
    else:
        moves = [(first, line_start + own), ("", "")]
    there = set(original.split("\n"))
    rest = max(
        ([_moved(line, *move) for line in lines[1:]] for move in moves),
        key=lambda moved: sum(line in there for line in moved if line.strip(" \t")),
    )
    return lead + own + "\n".join([lines[0][len(first) :], *rest]) + tail


def _nearest_end(text: str, limit: int, count: Count) -> str:
    """The longest end of a text that fits, beginning at a line's start if one does."""
    lines = [match.end() for match in re.finditer("\n", text) if match.end() < len(text)]
    for starts in ([*lines[::-1], 0], range(len(text) - 1, -1, -1)):
        fits = bisect_right(starts, limit, key=lambda start: count(text[start:]))
        if fits:
            return text[starts[fits - 1] :]
    return ""


def _nearest_start(text: str, limit: int, count: Count) -> str:
    """The longest beginning of a text that fits, ending at a line's end if one does."""
    lines = [match.end() for match in re.finditer("\n", text)]
    for ends in ([*lines, len(text)], range(1, len(text) + 1)):
        fits = bisect_right(ends, limit, key=lambda end: count(text[:end]))
        if fits:
            return text[: ends[fits - 1]]
    return ""


def _without_echo(answer: str, instruction: str) -> str:
    """The answer without a first line that only repeats the instruction."""
    body = _stripped(answer)
    first, _, rest = body.partition("\n")
    wanted = instruction.strip().rstrip(".:").lower()
    said = re.sub(r"^[#/*\-\s]*(?:instruction|task)?:?\s*", "", first.strip(), flags=re.IGNORECASE)
    if wanted and said.strip("\"'`*").rstrip(".:").lower() == wanted:
        return _stripped(rest)
    return body


def _unwrapped(answer: str) -> str | None:
    """What stands inside, where the whole answer is one fenced block."""
    marks = list(_FENCE.finditer(answer))
    if len(marks) < 2 or marks[0].start() != 0 or marks[-1].end() != len(answer.rstrip()):
        return None
    return answer[marks[0].end() + 1 : marks[-1].start()]


def _before_closing(answer: str) -> str:
    """The answer before its one bare fence, where code stands before that: it closes the code."""
    marks = list(_FENCE.finditer(answer))
    head = answer[: marks[0].start()] if len(marks) == 1 and not marks[0].group(2) else ""
    return head if head.strip() and not _is_prose(head) else answer


def _fenced(answer: str, language: str, original: str) -> str | None:
    """The fenced block that is meant: in the file's language, and not the old text again."""
    marks = list(_FENCE.finditer(answer))
    if not marks:
        return None
    blocks, opening = list[tuple[str, str]](), None
    for mark in marks:
        if opening is None:
            opening = mark
        elif not mark.group(2) and mark.group(1).startswith(opening.group(1)):
            blocks.append((opening.group(2).lower(), answer[opening.end() + 1 : mark.start()]))
            opening = None
    if opening is not None:
        blocks.append((opening.group(2).lower(), answer[opening.end() + 1 :]))
    new = [block for block in blocks if block[1].strip() != original.strip()] or blocks
    own = [text for word, text in new if word and language.lower().startswith(word[:2])]
    return own[0] if own else new[0][1]


def _is_prose(text: str) -> bool:
    """Whether every line of a text that has any reads as prose."""
    lines = [line for line in text.split("\n") if line.strip()]
    return bool(lines) and all(looks_like_prose(line.strip()) for line in lines)


MEND, NOT_SO = "Mend this error:", "Not like this:"
ALIKE = 8
"""So many characters at the beginning of a line are no chance."""


def told(instruction: str, unwanted: Sequence[str] = (), wrong: str = "") -> str:
    """The instruction, with what was rejected before and what is wrong with the text as it is."""
    parts = [instruction.strip()]
    if wrong.strip():
        parts.append(f"{MEND}\n{wrong.strip()[:MOST_TOLD]}")
    parts += [f"{NOT_SO}\n{text.strip()[:MOST_TOLD]}" for text in unwanted]
    return "\n".join(part for part in parts if part)


def own_words(instruction: str) -> Callable[[str], bool] | None:
    """Says of an answer so far whether it is more than what the model was told is wrong.

    A small model may begin with the error that it is to mend. None: it was told of none.
    """
    _, mend, wrong = instruction.partition(f"{MEND}\n")
    wrong = wrong.partition(f"\n{NOT_SO}")[0]
    told_lines = [line.strip() for line in wrong.split("\n") if line.strip()]
    if not mend or not told_lines:
        return None

    def own(text: str) -> bool:
        first = next((line.strip() for line in text.split("\n") if line.strip()), "")
        return not any(first and line.startswith(first[:ALIKE]) for line in told_lines)

    return own


def _indent(line: str) -> str:
    """The white space a line begins with."""
    return line[: len(line) - len(line.lstrip(" \t"))]


def _edges(text: str) -> tuple[str, str]:
    """The blank lines before a text, and the line ends and blank lines after it."""
    lead, tail = _BLANK_LEAD.match(text), _BLANK_TAIL.search(text)
    return (lead.group() if lead else ""), (tail.group() if tail else "")


def _stripped(text: str) -> str:
    """The text without blank lines at its edges; indentation stays."""
    lead, tail = _edges(text)
    return text[len(lead) : len(text) - len(tail)] if len(lead) < len(text) else ""


def _moved(line: str, old: str, new: str) -> str:
    """A line indented by `new` instead of `old`; less where it had less, blank lines never."""
    if not line.strip(" \t"):
        return line
    if line.startswith(old):
        return new + line[len(old) :]
    if old == new:
        return line
    short = len(old) - len(_indent(line))
    return new[: max(0, len(new) - short)] + line.lstrip(" \t")


def _same_unit(lines: list[str], original: str) -> list[str]:
    """The lines indented by tabs where the span is, if they are indented by spaces."""
    widths = [len(_indent(line)) for line in lines if line.startswith(" ")]
    signs = {line[0] for line in original.split("\n") if line.strip(" \t") and line[0] in " \t"}
    if signs != {"\t"} or not widths or any(line.startswith("\t") for line in lines):
        return lines
    unit = max(2, min(widths))
    return [
        "\t" * (len(_indent(line)) // unit) + line.lstrip(" ") if line.strip() else line
        for line in lines
    ]
