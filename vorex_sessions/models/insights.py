"""What learners have set for insights, and what they have said of them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Uuid


class LearnerInsightPreferences(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """Whether a learner takes wordings of a language model, and in what tone; without a row the defaults."""

    __tablename__ = "learner_insight_preferences"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    model: Mapped[bool] = mapped_column(sa.Boolean)
    tone: Mapped[str] = mapped_column(sa.Text)
    set_at: Mapped[datetime] = mapped_column(Instant)


class LearnerInsightFeedback(db.Model):  # type: ignore[name-defined,misc]  # as above
    """What a learner has last said of a topic: of the insight with this id."""

    __tablename__ = "learner_insight_feedback"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    topic: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    insight_id: Mapped[str] = mapped_column(sa.Text)
    verdict: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime] = mapped_column(Instant)
