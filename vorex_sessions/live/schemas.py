"""Schemas of live sessions. Their fields are those of a save, as far as they are known before its end."""

from typing import Any

import marshmallow as ma

from vorex_sessions.live import states
from vorex_sessions.models import limits
from vorex_sessions.sessions.metadata_field import SIZE_RULE, LongMetadata, Metadata
from vorex_sessions.sessions.schemas import SessionContentSchema
from vorex_sessions.web import answer_fields, body_fields
from vorex_sessions.web.schemas import NullableSchema, Schema

LARGEST_SEQ = 2**53 - 1  # the largest whole number that is exact in JavaScript
# Fields of a save that a live session does not have.
_LATER = ("duration_seconds", "areas_to_improve", "vocabulary_results", "skills", "completed_at")
_ROOM = 32  # bytes of metadata for what is added when an abandoned session is saved

EXAMPLE = {
    "session_type": "conversation",
    "language": "es",
    "timezone": "Europe/Berlin",
    "started_at": "2026-03-01T18:25:00+01:00",
    "seq": 7,
    "active_seconds": 140,
    "words_spoken": 58,
    "pronunciation_score": 81.0,
    "topics": ["travel"],
    "vocabulary_learned": ["reserva"],
    "metadata": {"scenario_id": "hotel-check-in"},
}


class _LiveMetadata(Metadata):
    """Metadata that can still be saved when the session is abandoned."""

    LARGEST = Metadata.LARGEST - _ROOM

    def _deserialize(self, value: Any, attr: Any, data: Any, **kwargs: Any) -> dict[str, Any]:
        metadata = super()._deserialize(value, attr, data, **kwargs)
        if isinstance(metadata, LongMetadata):
            raise ma.ValidationError(SIZE_RULE)
        return metadata


class LiveContentSchema(SessionContentSchema):
    """The fields of a live session: totals since its start, not what was added since the last heartbeat."""

    class Meta:
        exclude = _LATER
        unknown = ma.RAISE

    started_at = body_fields.Instant(
        required=True,
        description="When the session started, with the offset of the phone's clock. That of the first "
        "heartbeat counts: at most 24 hours ago then; later heartbeats repeat it.",
        example="2026-03-01T18:25:00+01:00",
    )
    seq = body_fields.Whole(
        0,
        LARGEST_SEQ,
        required=True,
        description="Grows with each heartbeat. One that is not above the last changes nothing, so that "
        "heartbeats may be lost, repeated or late.",
        example=7,
    )
    active_seconds = body_fields.Whole(
        0,
        limits.LARGEST_DURATION,
        required=True,
        description="Seconds of practice so far, without pauses. More than have passed since `started_at` "
        "by the server's clock are cut off, with a tolerance of 10 s.",
        example=140,
    )
    metadata = _LiveMetadata(
        description="Any other data of the app so far, as in a save.",
        example={"scenario_id": "hotel-check-in"},
    )
    timezone = body_fields.Zone(
        description="The learner's time zone: an IANA name or `UTC±HH:MM`. By default the offset of "
        "`started_at`.",
        example="Europe/Berlin",
        minLength=2,
        maxLength=64,
    )


class HeartbeatSchema(NullableSchema, LiveContentSchema):
    """The live session so far. `null` for an optional field means the same as leaving it out."""

    class Meta(LiveContentSchema.Meta):
        pass

    @ma.post_load
    def _drop_nulls(self, data: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        return {name: value for name, value in data.items() if value is not None}


class LiveSessionSchema(LiveContentSchema):
    """A live session as its newest heartbeat has it; every member is always sent."""

    class Meta(LiveContentSchema.Meta):
        pass

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Document what a heartbeat may leave out as required."""
        field_obj.required = True

    session_result_id = body_fields.Id(
        description="The id under which the session is saved when it ends.",
        example=answer_fields.SESSION_ID,
    )
    state = answer_fields.text(
        "`active`; `idle` after 2 minutes without a heartbeat, `abandoned` after 30. It can be resumed by a "
        "heartbeat, until `resumable_until`.",
        "active",
        states.SHOWN,
    )
    started_at = body_fields.Instant(
        description="When it started; UTC.", example="2026-03-01T17:25:00.000000Z"
    )
    heartbeat_at = answer_fields.instant(
        "When the last heartbeat came, by the server's clock, to the second; UTC."
    )
    resumable_until = answer_fields.instant(
        "When it is gone, unless a heartbeat comes before; UTC.", "2026-03-02T17:30:00.000000Z"
    )


class LiveSessionsSchema(Schema):
    """The learner's live sessions."""

    sessions = answer_fields.items(
        LiveSessionSchema, "The one that was started first at the top; without those that are gone."
    )
    interval = answer_fields.whole("Seconds between heartbeats.", states.INTERVAL)


class LiveRowSchema(LiveContentSchema):
    """A live session as the export shows it."""

    class Meta(LiveContentSchema.Meta):
        pass

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Document what a heartbeat may leave out as required."""
        field_obj.required = True

    session_result_id = body_fields.Id(
        description="The id under which it would be saved.", example=answer_fields.SESSION_ID
    )
    started_at = body_fields.Instant(
        description="When it started.", example="2026-03-01T17:25:00.000000Z"
    )
    created_at = answer_fields.instant("When the first heartbeat came.")
    heartbeat_at = answer_fields.instant("When the last heartbeat came.")
    cancelled = answer_fields.flag("Whether it was cancelled; its content is removed then.")
