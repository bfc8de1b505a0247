"""Schemas of an import, and the validation of what a file holds."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import marshmallow as ma

from vorex_sessions.hooks.registry import registry
from vorex_sessions.imports.files import File, rows_of
from vorex_sessions.imports.service import Answer, Item, Taken, Valid
from vorex_sessions.problems.kinds import Problem
from vorex_sessions.problems.validation import validation_problem
from vorex_sessions.sessions.restored_schemas import RestoredSessionSchema
from vorex_sessions.sessions.saved_schemas import STATUSES
from vorex_sessions.turns import in_turns
from vorex_sessions.web import answer_fields, body_fields, query_fields
from vorex_sessions.web.schemas import ProblemSchema, Schema

MEDIA_TYPES = {
    "application/json": "json",
    "application/x-ndjson": "ndjson",
    "text/csv": "csv",
}
MOST_NAMED = 100  # rejected rows whose problem has `errors`, and unknown members
_LONGEST_NAME = 80  # characters
_SESSION = RestoredSessionSchema()
# What an export has beside sessions and what capabilities take back: it is derived, or is not repeated.
_KNOWN = frozenset("user_id exported_at date_from date_to".split())


class ImportQuerySchema(Schema):
    """Whether to store anything."""

    dry_run = query_fields.Flag(
        load_default=False,
        description="`true`: answer the same, but store nothing.",
        example=True,
    )


class ImportFileSchema(Schema):
    """A JSON export, or a part of one. Capabilities add the members that are taken back (hooks/registry.py).

    What is derived from sessions is derived again, and members that the service does not know are left out.
    """

    class Meta:
        unknown = ma.INCLUDE

    user_id = body_fields.Id(
        description="The learner's own id; a file of another learner is refused.",
        example="00000000-0000-4000-8000-000000000001",
    )
    sessions = ma.fields.List(
        ma.fields.Nested(RestoredSessionSchema),
        metadata={"description": "The sessions.", "example": []},
    )


class ImportedRowSchema(Schema):
    """What became of a session of the file."""

    index = answer_fields.whole("The place of the session in the file, from 0.", 1)
    status = answer_fields.text(
        "`created`: stored now; `replayed`: stored before; `rejected`: not stored.",
        "created",
        STATUSES,
    )
    problem = ma.fields.Nested(
        ProblemSchema,
        metadata={
            "description": f"Why it was rejected. The first {MOST_NAMED} of a file have `errors`."
        },
    )


class ImportedMemberRowSchema(ImportedRowSchema):
    """What became of a row of another member."""

    member = answer_fields.text("The member of the file.", "preferences")
    index = answer_fields.whole("The place of the row in it, from 0.", 0)


class ImportedSchema(Schema):
    """What became of each session, and of each row beside the sessions."""

    dry_run = answer_fields.flag("Whether nothing was stored, as asked for.")
    results = answer_fields.items(ImportedRowSchema, "A result for each session, in order.")
    created = answer_fields.whole("How many sessions were stored now.", 57)
    replayed = answer_fields.whole("How many sessions had been stored before.", 1)
    rejected = answer_fields.whole("How many sessions were not stored.", 1)
    other_results = answer_fields.items(
        ImportedMemberRowSchema,
        "The same for rows beside the sessions: preferences, comparison, achievements, deleted sessions.",
    )
    unknown_members = answer_fields.texts(
        f"Members of the file that the service does not know; at most {MOST_NAMED}.", "moods"
    )


# Generators of clients know no other media types than JSON; the operation's description names them.
FILE = {
    "required": True,
    "content": {
        "application/json": {
            "schema": ImportFileSchema,
            "example": {"sessions": [], "preferences": []},
        },
    },
}


def validated(learner_id: str, file: File) -> Valid:
    """What a file holds, each row by itself. Raises Invalid for the file of another learner."""
    owner = file.members.get("user_id", learner_id)
    if not isinstance(owner, str) or owner.lower() != learner_id:
        rule = "must be your own id: another learner's file is not taken in"
        raise validation_problem({"user_id": [rule]})
    return Valid(
        _items(_SESSION, file.sessions, "sessions"),
        {
            one.member: list(
                _items(one.row, rows_of(file.members[one.member], one.member), one.member)
            )
            for one in registry().taken_back
            if file.members.get(one.member) is not None
        },
    )


def _items(schema: ma.Schema, rows: Iterable[Any], member: str) -> Iterator[Item]:
    return (_item(schema, row, f"#/{member}/{index}") for index, row in enumerate(in_turns(rows)))


def _item(schema: ma.Schema, row: Any, start: str) -> Item:
    if isinstance(row, Problem):
        return row
    try:
        loaded: dict[str, Any] = schema.load(row)
    except ma.ValidationError as error:
        return validation_problem(error.messages_dict, start=start)
    return loaded


def unknown_members(file: File) -> list[str]:
    """The names of members that no capability exports."""
    known = _KNOWN.union(registry().exports)
    names = (name for name in file.members if name not in known)
    return [
        name[:_LONGEST_NAME].encode(errors="replace").decode() for name in islice(names, MOST_NAMED)
    ]


def shown(taken: Taken, file: File, *, dry_run: bool) -> dict[str, Any]:
    """The answer."""
    named = iter(range(MOST_NAMED))
    rows = list(_shown(taken.sessions, named))
    counts = {status: sum(row["status"] == status for row in rows) for status in STATUSES}
    others = [
        {"member": member, **row}
        for member, answers in taken.members.items()
        for row in _shown(answers, named)
    ]
    return {
        "dry_run": dry_run,
        "results": rows,
        **counts,
        "other_results": others,
        "unknown_members": unknown_members(file),
    }


def _shown(answers: Sequence[Answer], named: Iterator[int]) -> Iterator[dict[str, Any]]:
    for index, answer in enumerate(in_turns(answers)):
        if isinstance(answer, str):
            yield {"index": index, "status": answer}
            continue
        problem = answer.body()
        if "errors" in problem and next(named, None) is None:
            del problem["errors"]
        yield {"index": index, "status": "rejected", "problem": problem}
