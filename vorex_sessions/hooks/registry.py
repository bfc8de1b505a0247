"""The registry: what all capabilities of an app offer, for code that must not know them by name."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import click
import flask
import flask_smorest
import marshmallow as ma
import sqlalchemy as sa
from flask import Flask

from vorex_sessions.current import current_flask
from vorex_sessions.hooks.answers import Answer
from vorex_sessions.hooks.destinations import Destination
from vorex_sessions.hooks.personal_data import Export
from vorex_sessions.hooks.projections import Projection
from vorex_sessions.hooks.save_removals import SaveRemoval
from vorex_sessions.hooks.taking_back import TakenBack
from vorex_sessions.hooks.warmup_sections import WarmupSection

_EXTENSION = "vorex-registry"


@dataclass(frozen=True)
class Capability:
    """What one capability brings; capabilities.py lists them."""

    blueprints: Sequence[flask_smorest.Blueprint] = ()
    # What browsers show to people: not a part of the API's document.
    pages: Sequence[flask.Blueprint] = ()
    # The tables that this capability alone names. An erasure deletes the learner's rows of `learner_tables`,
    # in this order; `other_tables` hold tombstones, or nothing of a single learner.
    learner_tables: Sequence[sa.Table] = ()
    other_tables: Sequence[sa.Table] = ()
    # Those of `learner_tables` whose rows change though the learner does nothing (hooks/versions.py).
    unversioned_tables: Sequence[sa.Table] = ()
    projections: Sequence[Projection] = ()
    save_removals: Sequence[SaveRemoval] = ()
    warmup_sections: Sequence[WarmupSection] = ()
    exports: Sequence[Export] = ()
    # Members of the export beside sessions that an import takes back.
    taken_back: Sequence[TakenBack] = ()
    # Removes what a restored backup brings back and does not go with the sessions.
    after_restore: Sequence[sa.Executable] = ()  # parameter: `:is_distributed`, DB_DISTRIBUTED
    # Removes rows of all learners that are over at `:now`; `flask live sweep` runs it.
    sweeps: Sequence[sa.Executable] = ()
    # Called with the learner's id after everything of the learner was erased.
    after_erasure: Sequence[Callable[[str], None]] = ()
    # Members that this capability adds to documented answers: OpenAPI component -> schema of the members.
    answer_schemas: Mapping[str, type[ma.Schema]] = field(default_factory=dict)
    # Names of enumerations in OpenAPI. A name stands for its values wherever they occur.
    enumerations: Mapping[str, Sequence[str]] = field(default_factory=dict)
    commands: Sequence[click.Command] = ()
    # Where events are sent.
    destinations: Sequence[Destination] = ()


class Registry:
    """All capabilities of an app together."""

    def __init__(self, capabilities: Iterable[Capability]) -> None:
        self.capabilities = parts = tuple(capabilities)
        self.projections = tuple(one for part in parts for one in part.projections)
        self.save_removals = tuple(one for part in parts for one in part.save_removals)
        self.warmup_sections = tuple(one for part in parts for one in part.warmup_sections)
        self.answers: dict[str, Answer] = {
            one.name: one
            for part in parts
            for blueprint in part.blueprints
            for one in getattr(blueprint, "answers", ())
        }
        self.exports = {one.member: one for part in parts for one in part.exports}
        self.destinations = tuple(one for part in parts for one in part.destinations)
        # Each save asks for them (hooks/events.py).
        self.event_settings = ("EVENTS", *(one.address for one in self.destinations))
        self.taken_back = tuple(one for part in parts for one in part.taken_back)
        self.sweeps = tuple(one for part in parts for one in part.sweeps)
        self.after_restore = tuple(one for part in parts for one in part.after_restore)
        self.after_erasure = tuple(one for part in parts for one in part.after_erasure)
        self.unversioned_tables = tuple(
            table for part in parts for table in part.unversioned_tables
        )
        self.learner_tables = tuple(table for part in parts for table in part.learner_tables)
        self.enumerations = {
            name: values for part in parts for name, values in part.enumerations.items()
        }
        self.preferences_invalidation = tuple(
            one for projection in self.projections for one in projection.preferences_invalidation
        )
        self._invalidations: dict[frozenset[str] | None, tuple[sa.Executable, ...]] = {}

    def invalidation(self, fields: Iterable[str] | None = None) -> tuple[sa.Executable, ...]:
        """What to run with a change of these fields of a session, or with the removal of sessions."""
        key = None if fields is None else frozenset(fields)
        if key not in self._invalidations:
            each = (one for projection in self.projections for one in projection.invalidation(key))
            self._invalidations[key] = tuple(dict.fromkeys(each))
        return self._invalidations[key]


def init_app(app: Flask, capabilities: Iterable[Capability]) -> Registry:
    """Collect what the capabilities of an app offer."""
    registered = app.extensions[_EXTENSION] = Registry(capabilities)
    return registered


def registry() -> Registry:
    """The registry of the current app."""
    registered: Registry = current_flask().extensions[_EXTENSION]
    return registered
