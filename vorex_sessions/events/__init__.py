"""Events for the app's back end: delivering, pulling, and how long they are kept."""

import sqlalchemy as sa

from vorex_sessions.events.cli import events as commands
from vorex_sessions.events.record_store import RecordStore
from vorex_sessions.events.routes import blueprint
from vorex_sessions.events.webhook import Webhook
from vorex_sessions.hooks.events import ERASED, TYPES
from vorex_sessions.hooks.personal_data import erase_after_restore
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import event_destinations, event_queues, events
from vorex_sessions.models.events import THIS_TRANSACTION

_is_of_learner = events.c.user_id == event_queues.c.user_id

CAPABILITY = Capability(
    blueprints=(blueprint,),
    learner_tables=(events,),
    # hooks/events.py removes a learner's queues: what an erasure says has to wait for what is being sent.
    other_tables=(event_queues, event_destinations),
    after_restore=(
        erase_after_restore(events, events.c.occurred_at).where(events.c.type != ERASED),
        sa.delete(event_queues).where(~sa.exists().where(_is_of_learner)),
        # Numbers of transactions of another server, or of a past that is no more. On several machines it is
        # the time, which stays right.
        sa.update(events)
        .where(~sa.bindparam("is_distributed", type_=sa.Boolean))
        .values(written_by=THIS_TRANSACTION),
    ),
    enumerations={"EventType": TYPES},
    commands=(commands,),
    destinations=(Webhook(), RecordStore()),
)
