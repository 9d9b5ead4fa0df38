"""One table: what the editor can be told to do. Keys, palette, help page and plugins all use it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from diffedit.ui.able import lacking
from diffedit.ui.editor_keys import editor_bindings
from diffedit.ui.keys import PLACES, keys_of, shown
from diffedit.ui.own_keys import in_force, page_actions, page_keys
from diffedit.ui.own_keys import problems as own_problems

if TYPE_CHECKING:
    from diffedit.config.settings import Settings
    from diffedit.engine.backend import Abilities
    from diffedit.ui.asking import Asking
    from diffedit.ui.editing import Editing
    from diffedit.ui.filing import Filing
    from diffedit.ui.hooks import Hooks
    from diffedit.ui.in_files import InFiles
    from diffedit.ui.looking import Looking
    from diffedit.ui.model_room import ModelRoom
    from diffedit.ui.reviewing import Reviewing
    from diffedit.ui.reworking import Reworking
    from diffedit.ui.searching import Searching
    from diffedit.ui.window import Window


class Desks(Protocol):
    """The app as a command sees it: a desk for each kind of work."""

    filing: Filing
    editing: Editing
    reviewing: Reviewing
    looking: Looking
    reworking: Reworking
    asking: Asking
    searching: Searching
    models: ModelRoom
    in_files: InFiles
    hooks: Hooks

    window: Window

    async def escape(self) -> None:
        """One level back."""

    def show_help(self) -> None:
        """The page of keys."""

    def show_palette(self) -> None:
        """The list of commands."""


Words = Mapping[str, str]
NO_WORDS: Words = {}
Does = Callable[[Desks], Awaitable[object] | None]


@dataclass(frozen=True, slots=True)
class Command:
    """Something that can be done: its name for keys, its title for people."""

    id: str
    title: str
    does: Does
    listed: bool = True
    """Whether the palette offers it; what makes sense in one place only is left out."""


def _choice(number: int) -> Command:
    """The command that takes an alternative of a token, counted from 1."""
    title = "Take this alternative: it is pinned, the rest settles anew"
    return Command(f"choice_{number}", title, lambda d: d.looking.choose(number - 1), listed=False)


COMMANDS: tuple[Command, ...] = (
    Command("ask", "Rewrite selection or block; fill a gap", lambda d: d.editing.ask()),
    Command("fill", "Fill in at the cursor", lambda d: d.editing.fill()),
    Command("continue", "Continue from the cursor", lambda d: d.editing.go_on()),
    Command("again", "Again: repeat the last instruction here", lambda d: d.editing.again()),
    Command("escape", "One step back: cancel, close, drop", lambda d: d.escape(), listed=False),
    Command("thinking", "Thinking Mode: show or hide", lambda d: d.window.show_thinking()),
    Command("open", "Open a file", lambda d: d.filing.ask_open()),
    Command("open_by_name", "Open by name …", lambda d: d.filing.finding.by_name()),
    Command("recent", "Open a recent file …", lambda d: d.filing.finding.recent()),
    Command("tree", "Files as a tree: show, go there, hide", lambda d: d.filing.finding.tree()),
    Command("new", "New file", lambda d: d.filing.new()),
    Command("save", "Save", lambda d: d.filing.save()),
    Command("save_as", "Save as …", lambda d: d.filing.save_as()),
    Command("encoding", "Save in another encoding …", lambda d: d.filing.forms.encoding()),
    Command("line_ends", "Save with other line ends …", lambda d: d.filing.forms.line_ends()),
    Command("reopen", "Read the file in another encoding …", lambda d: d.filing.forms.reopen()),
    Command("indentation", "Indent by spaces or tabs …", lambda d: d.filing.forms.indentation()),
    Command("sort_lines", "Sort the selected lines", lambda d: d.hooks.command("sort-lines")),
    Command("read_only", "Read only: on or off for this file", lambda d: d.filing.lock()),
    Command("bring_back", "Bring back unsaved texts", lambda d: d.filing.recovery.bring_back()),
    Command("next_buffer", "Next open file", lambda d: d.filing.step(1)),
    Command("previous_buffer", "Previous open file", lambda d: d.filing.step(-1)),
    Command("close", "Close this file", lambda d: d.filing.close()),
    Command("go_to_line", "Go to line …", lambda d: d.searching.go_to_line()),
    Command("find", "Find …", lambda d: d.searching.find()),
    Command("replace", "Find and replace …", lambda d: d.searching.replace()),
    Command("find_in_files", "Find in files …", lambda d: d.in_files.ask()),
    Command("next_match", "Next match", lambda d: d.searching.step(1)),
    Command("previous_match", "Previous match", lambda d: d.searching.step(-1)),
    Command("next_change", "Next change since git's index", lambda d: d.hooks.git.step(1)),
    Command("previous_change", "Previous change", lambda d: d.hooks.git.step(-1)),
    Command("revert_change", "Take this change back to git's", lambda d: d.hooks.git.revert()),
    Command("undo", "Undo", lambda d: d.window.edit("undo")),
    Command("redo", "Redo", lambda d: d.window.edit("redo")),
    Command("cut", "Cut", lambda d: d.window.edit("cut")),
    Command("copy", "Copy", lambda d: d.window.edit("copy")),
    Command("paste", "Paste", lambda d: d.window.edit("paste")),
    Command("select_all", "Select all", lambda d: d.window.edit("select_all")),
    Command("wrap", "Break long lines at the edge, or not", lambda d: d.window.turn("soft_wrap")),
    Command("pairs", "Brackets in pairs, or not", lambda d: d.window.turn("auto_pairs")),
    Command("blanks", "Show blanks and line ends, or not", lambda d: d.window.turn("show_blanks")),
    Command(
        "relative",
        "Count lines from the cursor, or not",
        lambda d: d.window.turn("relative_numbers"),
    ),
    Command("numbers", "Line numbers, or none", lambda d: d.window.turn("show_line_numbers")),
    Command("palette", "All commands", lambda d: d.show_palette(), listed=False),
    Command("picture", "Save a picture of the screen (SVG)", lambda d: d.window.picture()),
    Command("help", "Help: all keys", lambda d: d.show_help()),
    Command("quit", "Quit", lambda d: d.filing.quit()),
    Command("abort", "Quit with exit code 1: git and others then stop", lambda d: d.filing.abort()),
    Command("suspend", "Suspend: to the shell; fg comes back", lambda d: d.window.suspend()),
    Command("prompt_send", "Run the instruction", lambda d: d.window.prompt.send(), listed=False),
    Command(
        "prompt_mode",
        "Rewrite, infill or continue",
        lambda d: d.window.prompt.next_mode(),
        listed=False,
    ),
    Command("prompt_strength", "Strength: five stops", lambda d: d.asking.stronger(), listed=False),
    Command("prompt_pins", "Pin signature, comments", lambda d: d.asking.pins(), listed=False),
    Command("prompt_older", "Earlier instruction", lambda d: d.window.prompt.older(), listed=False),
    Command("prompt_newer", "Later instruction", lambda d: d.window.prompt.newer(), listed=False),
    Command(
        "search_enter",
        "Next match; in the lower line: replace this one",
        lambda d: d.searching.enter(),
        listed=False,
    ),
    Command(
        "search_field",
        "To the line for the replacement, and back",
        lambda d: d.searching.other_field(),
        listed=False,
    ),
    Command(
        "search_case", "Case: smart, exact, any", lambda d: d.searching.turn("case"), listed=False
    ),
    Command(
        "search_regex", "Regular expression", lambda d: d.searching.turn("regex"), listed=False
    ),
    Command("search_word", "Whole words", lambda d: d.searching.turn("word"), listed=False),
    Command(
        "search_scope",
        "Only in what was selected",
        lambda d: d.searching.turn_scope(),
        listed=False,
    ),
    Command(
        "replace_all", "Replace all matches", lambda d: d.searching.replace_all(), listed=False
    ),
    Command("next_hunk", "Next change", lambda d: d.reviewing.move(1), listed=False),
    Command("previous_hunk", "Previous change", lambda d: d.reviewing.move(-1), listed=False),
    Command("accept", "Accept this change", lambda d: d.reviewing.say(wanted=True), listed=False),
    Command("reject", "Reject this change", lambda d: d.reviewing.say(wanted=False), listed=False),
    Command("accept_all", "Accept all and apply", lambda d: d.reviewing.accept_all()),
    Command("reject_all", "Reject all: drop the draft", lambda d: d.reviewing.drop()),
    Command("apply", "Apply what is not rejected", lambda d: d.reviewing.apply(), listed=False),
    Command("next_alternative", "Next answer", lambda d: d.reviewing.choose(1)),
    Command("follow_up", "Follow up on this draft", lambda d: d.reworking.follow_up()),
    Command("rejected_again", "Rejected changes anew", lambda d: d.reworking.rejected()),
    Command("merge", "This change as another answer has it", lambda d: d.reworking.merge()),
    Command("check", "Check this draft, and mend what fails", lambda d: d.reworking.check()),
    Command("previous_link", "Draft before this one", lambda d: d.reworking.turn(-1)),
    Command("next_link", "Draft after this one", lambda d: d.reworking.turn(1)),
    Command(
        "proofread", "Proofread: where this surprises the model", lambda d: d.looking.proofread()
    ),
    Command("steps", "Timeline: the steps of this draft", lambda d: d.looking.steps()),
    Command(
        "heat", "Heat: how unsure it was of each token as it wrote", lambda d: d.looking.heat()
    ),
    Command("next_unsure", "Least sure token", lambda d: d.looking.unsure(1)),
    Command("previous_unsure", "Surer one", lambda d: d.looking.unsure(-1), listed=False),
    Command("step_back", "Step back", lambda d: d.looking.step(-1), listed=False),
    Command("step_on", "Step on", lambda d: d.looking.step(1), listed=False),
    Command("first_step", "First step", lambda d: d.looking.ends(last=False), listed=False),
    Command("last_step", "Last step", lambda d: d.looking.ends(last=True), listed=False),
    Command("play", "Play, or stop", lambda d: d.looking.play(), listed=False),
    Command("faster", "Faster", lambda d: d.looking.pace(1), listed=False),
    Command("slower", "Slower", lambda d: d.looking.pace(-1), listed=False),
    Command("take_step", "Take this step", lambda d: d.looking.take(), listed=False),
    Command("fork", "Fork from this step", lambda d: d.looking.fork(), listed=False),
    Command("next_token", "Next token", lambda d: d.looking.token(1), listed=False),
    Command("previous_token", "Previous token", lambda d: d.looking.token(-1), listed=False),
    Command("pin_token", "Pin this word, or let go", lambda d: d.looking.pin(line=False)),
    Command("pin_line", "Pin this line, or let go", lambda d: d.looking.pin(line=True)),
    Command("mark_token", "Brush: mark this word", lambda d: d.looking.mark(), listed=False),
    Command("think_again", "Think again about what is marked", lambda d: d.looking.think_again()),
    Command("save_run", "Save this run, to replay or report", lambda d: d.looking.save()),
    Command("save_film", "Save this run as a film (animated SVG)", lambda d: d.looking.save_film()),
    *(_choice(number) for number in range(1, 9)),
    Command("to_text", "To the text; again, back", lambda d: d.window.to_text(), listed=False),
    Command("scroll_up", "Scroll up", lambda d: d.window.scroll(-1), listed=False),
    Command("scroll_down", "Scroll down", lambda d: d.window.scroll(1), listed=False),
    Command("scroll_page_up", "Page up", lambda d: d.window.scroll(-1, page=True), listed=False),
    Command("scroll_page_down", "Page down", lambda d: d.window.scroll(1, page=True), listed=False),
    Command("previous_alternative", "Previous answer", lambda d: d.reviewing.choose(-1)),
)

BY_ID: dict[str, Command] = {command.id: command for command in COMMANDS}


def find(name: str) -> Command:
    """The command of this name; any other name is that of a plugin's."""
    return BY_ID.get(name) or Command(name, name, lambda desks: desks.hooks.command(name))


def listed(own: Words) -> Iterator[tuple[str, Command]]:
    """The palette's lines: title and key, a person's own keys over the others, and the command."""
    table = in_force(own)
    for command in COMMANDS:
        if command.listed:
            keys = keys_of(command.id, table)
            yield f"{command.title}  ({keys})" if keys else command.title, command


def editor_lines(own: Words = NO_WORDS) -> Iterator[tuple[str, str]]:
    """The palette's lines for what the page itself can do, with the page's action."""
    have = {command.title for command in COMMANDS}
    keys = dict(page_keys(own))
    for binding in editor_bindings():
        if binding.description not in have:
            named = ", ".join(shown(key) for key in keys.get(binding.description, ())[:2])
            yield (
                f"{binding.description}  ({named})" if named else binding.description,
                binding.action,
            )


def help_sections(own: Words = NO_WORDS) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The help page: for each place its keys and what they do there."""
    table, page = in_force(own), page_actions()
    for place, title in PLACES.items():
        rows: dict[str, list[str]] = {}
        for key in table:
            if key.where == place and place != "editor" and key.command not in page:
                rows.setdefault(find(key.command).title, []).append(shown(key.key))
        for does, keys in page_keys(own) if place == "editor" else ():
            rows[does] = [shown(key) for key in keys]
        yield title, [(", ".join(keys), does) for does, keys in rows.items()]


def greyed(abilities: Abilities | None) -> dict[str, str]:
    """By title, what this model cannot do, and why in short: the help page dims it."""
    lacks = ((command.title, lacking(command.id, abilities)) for command in COMMANDS)
    return {title: need.short for title, need in lacks if need is not None}


def start_problems(settings: Settings) -> Iterator[str]:
    """What is wrong with a person's own keys and plugins, a line each; the editor starts anyway."""
    from diffedit.config import plugins  # noqa: PLC0415 - after the first text is on the screen

    found = plugins.find()
    known = {*BY_ID, *(one.name for one in found.plugins if one.kind == "command")}
    for key, why in own_problems(settings.keys, known):
        yield f"{settings.origins.get(f'keys.{key}', 'settings')}: {why}"
    yield from found.notices
