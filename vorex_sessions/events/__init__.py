"""Events for the app's back end: what is kept of them, delivering and pulling."""

from vorex_sessions.events.webhook import Webhook
from vorex_sessions.hooks.registry import Capability
from vorex_sessions.models import event_destinations, event_queues, events

CAPABILITY = Capability(
    learner_tables=(events,),
    # hooks/events.py removes a learner's queues: what an erasure says has to wait for what is being sent.
    other_tables=(event_queues, event_destinations),
    destinations=(Webhook(),),
)
