"""What a learner prefers, written straight into the table."""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from tests.postgres import transaction
from vorex_sessions.models import learner_preferences


def prefer(learner_id: str, **values: Any) -> None:
    """Set a learner's preferences; call it within the app's context."""
    now = datetime.now(UTC)
    row = {"set_on": now.date(), "set_at": now, "day_starts_at": 0, "week_starts_on": "monday"}
    row |= {"user_id": learner_id, "rest_days": [], **values}
    with transaction() as connection:
        connection.execute(sa.insert(learner_preferences), row)
