"""When a learner's day and week start: columns for any statement on a learner, so that none needs another.

Both are NULL for a learner who has set nothing; `periods.day_of` takes `day_starts_at` as it comes.
"""

from typing import Any

import sqlalchemy as sa

from vorex_sessions.models import USER_ID, learner_preferences

_p = learner_preferences.c


def _now_set(column: sa.Column[Any], learner: Any = USER_ID) -> sa.ScalarSelect[Any]:
    """What a learner has set last."""
    mine = sa.select(column).where(_p.user_id == learner)
    return mine.order_by(_p.set_on.desc()).limit(sa.literal_column("1")).scalar_subquery()


DAY_STARTS_AT: sa.ScalarSelect[int | None] = _now_set(_p.day_starts_at)
WEEK_STARTS_ON: sa.ScalarSelect[str | None] = _now_set(_p.week_starts_on)


def day_starts_at(learner: sa.ColumnElement[Any]) -> sa.ScalarSelect[int | None]:
    """DAY_STARTS_AT of each learner of a statement on many."""
    return _now_set(_p.day_starts_at, learner)
