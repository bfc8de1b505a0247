"""What learners have set for insights and said of them, and what language models have written."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from vorex_sessions.extensions import db
from vorex_sessions.models.columns import Instant, Uuid


class LearnerInsightPreferences(db.Model):  # type: ignore[name-defined,misc]  # Flask-SQLAlchemy builds Model at run time
    """Whether a learner takes wordings of a language model, and in what tone; without a row the defaults.

    Wordings that are newer than `wordings_at` are not shown yet: `flask insights refresh` raises it, and the
    learner's version with it.
    """

    __tablename__ = "learner_insight_preferences"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    model: Mapped[bool] = mapped_column(sa.Boolean)
    tone: Mapped[str] = mapped_column(sa.Text)
    set_at: Mapped[datetime] = mapped_column(Instant)
    wordings_at: Mapped[datetime] = mapped_column(Instant)


class LearnerInsightFeedback(db.Model):  # type: ignore[name-defined,misc]  # as above
    """What a learner has last said of a topic: of the insight with this id."""

    __tablename__ = "learner_insight_feedback"

    user_id: Mapped[str] = mapped_column(Uuid, primary_key=True)
    topic: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    insight_id: Mapped[str] = mapped_column(sa.Text)
    verdict: Mapped[str] = mapped_column(sa.Text)
    given_at: Mapped[datetime] = mapped_column(Instant)


class InsightWording(db.Model):  # type: ignore[name-defined,misc]  # as above
    """What a language model has written for a wording; `refused` is why it did not pass. Of no learner."""

    __tablename__ = "insight_wordings"

    key: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    language: Mapped[str] = mapped_column(sa.Text)
    template: Mapped[str] = mapped_column(sa.Text)
    tone: Mapped[str] = mapped_column(sa.Text)
    asked_at: Mapped[datetime] = mapped_column(Instant)
    text: Mapped[str | None] = mapped_column(sa.Text)
    refused: Mapped[str | None] = mapped_column(sa.Text)
    made_at: Mapped[datetime | None] = mapped_column(Instant)


class InsightModelUse(db.Model):  # type: ignore[name-defined,misc]  # as above
    """How often a day each outcome came, and in the row `asked` the tokens of the day."""

    __tablename__ = "insight_model_use"

    day: Mapped[date] = mapped_column(sa.Date, primary_key=True)
    outcome: Mapped[str] = mapped_column(sa.Text, primary_key=True)
    answers: Mapped[int] = mapped_column(sa.BigInteger)
    tokens: Mapped[int] = mapped_column(sa.BigInteger)
