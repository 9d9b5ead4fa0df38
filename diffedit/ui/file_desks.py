"""The desks beside the one for files, imported when one is needed: the first text needs none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diffedit.ui.dressing import Dressing
    from diffedit.ui.finding import Finding
    from diffedit.ui.forbidden import Forbidden
    from diffedit.ui.forms import Forms
    from diffedit.ui.keeping import Keeping
    from diffedit.ui.opener import Opener
    from diffedit.ui.outside import Outside
    from diffedit.ui.recovery import Recovery
    from diffedit.ui.stage import Stage


def outside(stage: Stage, keeping: Keeping) -> Outside:
    """The desk for what others do to the files."""
    from diffedit.ui.outside import Outside  # noqa: PLC0415

    return Outside(stage, keeping)


def recovery(stage: Stage, keeping: Keeping, opener: Opener) -> Recovery:
    """The desk for what earlier sessions left behind."""
    from diffedit.ui.recovery import Recovery  # noqa: PLC0415

    return Recovery(stage, keeping, opener)


def forbidden(stage: Stage) -> Forbidden:
    """The desk for files that may not be written."""
    from diffedit.ui.forbidden import Forbidden  # noqa: PLC0415

    return Forbidden(stage)


def finding(stage: Stage, keeping: Keeping, opener: Opener) -> Finding:
    """The desk for finding files."""
    from diffedit.ui.finding import Finding  # noqa: PLC0415

    return Finding(stage, keeping, opener)


def forms(stage: Stage, keeping: Keeping) -> Forms:
    """The desk for encodings and line ends."""
    from diffedit.ui.forms import Forms  # noqa: PLC0415

    return Forms(stage, keeping)


def dressing(stage: Stage) -> Dressing:
    """The desk for the theme's files."""
    from diffedit.ui.dressing import Dressing  # noqa: PLC0415

    return Dressing(stage)
