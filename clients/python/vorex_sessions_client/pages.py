"""Pages of changes: what one answer of the service says, and what several of them say together."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Page:
    """All changes between two places, as they were at some time.

    Pages of different times go together: what has changed since a page was fetched is in a later one.
    """

    # The place where it ends.
    next: str
    # Whether to drop what comes before it.
    reset: bool
    # Sessions of before it that were completed before this instant are dropped.
    kept_since: str | None
    # By session; each as the service has sent it.
    changes: dict[str, dict[str, Any]]
    # Whether the service has more; this is not stored.
    has_more: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return it as `read` takes it."""
        return {
            "next": self.next,
            "reset": self.reset,
            "kept_since": self.kept_since,
            "changes": list(self.changes.values()),
        }


def read(value: Any) -> Page | None:
    """Return the page in an answer of the service or in a stored text; None if it is none."""
    try:
        changes = {str(change["session_result_id"]): change for change in value["changes"]}
        is_whole = all(
            change["deleted"] or isinstance(change["session"]["completed_at"], str)
            for change in changes.values()
        )
        page = Page(value["next"], bool(value["reset"]), value["kept_since"], changes)
    except (TypeError, KeyError, AttributeError):
        return None
    return page if is_whole and page.next and isinstance(page.next, str) else None


def joined(first: Page, second: Page) -> Page:
    """Return the page that says what two say that follow each other."""
    changes = {} if second.reset else _kept(first.changes, second.kept_since)
    for id in second.changes:
        changes.pop(id, None)
    limits = [one.kept_since for one in (first, second) if one.kept_since]
    return Page(
        second.next,
        first.reset or second.reset,
        max(limits, default=None),
        changes | second.changes,
    )


def _kept(changes: Mapping[str, Any], kept_since: str | None) -> dict[str, Any]:
    return {
        id: change
        for id, change in changes.items()
        if change["deleted"]
        or kept_since is None
        or change["session"]["completed_at"] >= kept_since
    }


class Sessions:
    """What pages amount to, one applied after the other."""

    def __init__(self) -> None:
        # By id: the change that holds the session.
        self.stored: dict[str, dict[str, Any]] = {}
        # How many changes of the pages mean nothing any more.
        self.outdated = 0
        # Whether the pages still have sessions that were deleted.
        self.has_deleted = False

    def apply(self, page: Page) -> None:
        """Apply a page: `reset`, `kept_since`, then the changes."""
        before = len(self.stored)
        kept = {} if page.reset else _kept(self.stored, page.kept_since)
        self._drop(before - len(kept))
        self.stored = kept
        for id, change in page.changes.items():
            known = self.stored.pop(id, None)
            if change["deleted"]:
                self._drop(known is not None)
            else:
                self.outdated += known is not None
                self.stored[id] = change

    def _drop(self, count: int) -> None:
        self.outdated += count
        self.has_deleted = self.has_deleted or count > 0

    def is_current(self, change: Mapping[str, Any]) -> bool:
        """Return whether a change of a page still means something."""
        if change["deleted"]:
            return True
        stored = self.stored.get(change["session_result_id"])
        return stored is not None and stored["version"] == change["version"]
