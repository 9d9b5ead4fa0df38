"""Questions that lie over each other are left from the top, whatever keys come late."""

from stage_app import staged

from diffedit.ui.dialogs import Ask, Choice

ANSWERS = (Choice("y", "yes", "yes"), Choice("n", "no", "no"))


async def test_bytes_that_are_no_text_can_be_cut_from_a_line() -> None:
    """They come there by a paste from the page; to cut them ended the editor."""
    async with staged() as stage:
        stage.app.copy_to_clipboard("a\udc80b")
        assert stage.app.clipboard == "a?b"


async def test_a_question_below_another_is_not_left() -> None:
    """Left twice while another lay over it, it took that one away, and then ended the editor."""
    async with staged() as stage:
        below, above = Ask("First?", ANSWERS), Ask("Second?", ANSWERS)
        first = stage.app.ask(below)
        asked = [stage.app.run_worker(first), stage.app.run_worker(stage.app.ask(above))]
        await stage.pilot.pause()
        assert stage.app.screen is above
        below.leave("no")
        below.leave("no")
        await stage.pilot.pause()
        assert stage.app.screen is above
        above.leave("yes")
        await stage.pilot.pause()
        assert stage.app.screen is below
        below.leave("no")
        assert [await one.wait() for one in asked] == ["no", "yes"]
