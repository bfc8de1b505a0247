"""What may be sent though it is not of one learner, by the place that sends it, each with its reason."""

# Over all learners. They were tried on Citus 13.2: it asks every machine, or collects what they tell.
JOBS: dict[str, str] = {
    "cohorts/ordering.py:Turn.run": "the values of a cohort, once a day; cohorts that nobody is in any more",
    "cohorts/ordering.py:in_turn.<locals>.in_transaction": "snapshots wait for each other at the coordinator",
    "cohorts/ranges.py:_store": "each machine counts its participants, a range at a time",
    "cohorts/ranges.py:count": "how many participants a range has, and which spellings of levels",
    "cohorts/snapshot.py:refresh": "which cohorts have enough learners, once a day",
    "events/service.py:_read_page": "the operator's back end pulls the events of all learners",
    "events/leasing.py:_due": "whose events are due, before each learner's queue is leased",
    "events/pruning.py:_take_apart": "old events, in pages that each machine removes for itself",
    "events/pruning.py:_drop_abandoned": "queues in which nothing waits any more, before each is removed",
    "events/resending.py:enable": "what waits is due now, in batches that each machine changes for itself",
    "growth/risk.py:in_danger": "whose streak may end today, page by page",
    "events/status.py:waiting_since": "since when something waits, for /metrics",
    "events/warnings.py:_unwarned": "who of a page of learners was warned already",
    "events/resending.py:redeliver": "the operator sends again what all learners' events are since a time",
    "events/status.py:status.<locals>.<genexpr>": "what waits in all, for the operator",
    "hooks/rebuild.py:learners": "every learner, page by page, for `flask rebuild`",
    "insights/refresh.py:_word.<locals>.work": "who stores wordings, of no learner, waits for the others",
    "insights/refresh.py:_show": "the learners to whom new wordings are not shown yet, page by page",
    "page/access.py:open_page": "whoever opens a link with a code, which names no learner, once a link",
    "sharing/service.py:show_card": "whoever has the address of a card, which names no learner",
    "live/relays.py:Notices.tell": "whether anybody listens on this server; no learner's lock",
    "live/sweeping.py:_abandoned": "live sessions of all learners that nobody goes on with, page by page",
    "live/sweeping.py:sweep": "live sessions of all learners that are gone are removed at once",
    "privacy/restore.py:lines": "the tombstones of all learners, page by page, to be kept apart",
    "privacy/restore.py:_add_tombstones.<locals>.work": "those of many learners come back after a restore",
    "privacy/restore.py:_remove_restored": "a restored backup has brought back what learners had erased",
    "privacy/retention.py:_learners": "the learners who have old sessions, page by page",
    "privacy/retention.py:due": "how many sessions a purge would remove",
}
# Sent only without DB_DISTRIBUTED; with it, the same place is judged.
ONE_MACHINE = {
    "sessions/saving.py:_store.<locals>.work": "one statement stores and tells what was new: a fifth cheaper",
    "hooks/events.py:_write": "one statement writes all events of a batch",
    "events/leasing.py:_lease_at_once": "one machine leases many queues with one statement",
    "events/pruning.py:_take": "one machine removes a page of old events beside erasures",
    "events/resending.py:_make_due": "one machine passes over queues that saves hold",
    "recall/projection.py:_portions": "a cursor sorts a learner's outcomes once, pages sort them again",
    "events/record_store.py:_of_all": "one machine reads the sessions of many learners with one query",
    **{
        f"cohorts/pages.py:{name}": "one machine counts page by page, several as cohorts/ranges.py says"
        for name in ("_read", "_store")
    },
    **{
        f"sessions/bulk.py:{name}": "`flask import founding` fills a database before it is distributed"
        for name in ("lookup", "judge", "store.<locals>.work")
    },
}
