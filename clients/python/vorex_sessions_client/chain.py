"""The pages in the storage: each under the place where it begins, so that they make a chain.

A page and the place where it ends are one text. Whoever stops anywhere, or writes what another process has
written meanwhile, leaves a chain that is true as far as it goes; the next pages are fetched again.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from vorex_sessions_client import pages
from vorex_sessions_client.events import Event, StorageFailed, Unreadable
from vorex_sessions_client.pages import Page, Sessions
from vorex_sessions_client.problems import parsed
from vorex_sessions_client.storage import Storage

_BEGINNING = "beginning"  # no place is named so
_MOST = 100  # changes in one text, unless a page of the service has more
_OUTDATED = 200  # changes that mean nothing: more of them, and more than others, are cleared away


class Unreached(Exception):
    """The storage cannot say."""


class Chain:
    """The pages of one learner, and the sessions that they amount to."""

    def __init__(self, storage: Storage, prefix: str, tell: Callable[[Event], None]) -> None:
        self._storage, self._prefix, self._tell = storage, prefix, tell
        self._begin()

    def _begin(self) -> None:
        self.sessions = Sessions()
        self.place: str | None = None
        # The places at which the pages begin, in their order, with how many changes each has.
        self._starts: list[tuple[str | None, int]] = []
        # Pages that the storage has refused; with the last of them the chain goes on in memory.
        self._unwritten: list[tuple[str | None, Page]] = []

    @property
    def is_durable(self) -> bool:
        """Whether the storage has all of it."""
        return not self._unwritten

    def catch_up(self) -> None:
        """Write what was refused, and read what other processes have written. Raises Unreached."""
        while self._unwritten and self._set(*self._unwritten[0]):
            del self._unwritten[0]
        if self._unwritten:
            return
        for _ in range(5):  # another process may change the chain meanwhile
            if not self._is_attached():
                self._begin()
            for start, page in self._pages(self.place):
                self._follow(start, page)
            if self._is_attached():
                return

    def append(self, start: str | None, page: Page) -> None:
        """Add the page that was fetched from a place: the chain's, or None to begin anew."""
        if start is None:
            self._begin()
        if self._unwritten or not self._set(start, page):
            self._unwritten.append((start, page))
        self._follow(start, page)

    def tidy(self) -> None:
        """Join short texts; clear away what means nothing any more, and at once what was deleted."""
        if self._unwritten:
            return
        stored = self.sessions
        is_long = stored.outdated > max(_OUTDATED, len(stored.stored))
        if stored.has_deleted or is_long:
            self._rewrite(None)
            self._remove_left()
        elif len(self._starts) > 1 and self._starts[-2][1] + self._starts[-1][1] <= _MOST:
            self._rewrite(self._starts[-2][0])

    def clear(self) -> None:
        """Remove everything from the device."""
        self._begin()
        self._remove(_BEGINNING)
        self._remove_left()

    def _follow(self, start: str | None, page: Page) -> None:
        self.sessions.apply(page)
        self._starts.append((start, len(page.changes)))
        self.place = page.next

    def _is_attached(self) -> bool:
        """Whether the storage still has the text with which this chain ends."""
        if not self._starts:
            return True
        last = self._get(self._starts[-1][0])
        return last is not None and last.next == self.place

    def _pages(self, start: str | None) -> Iterator[tuple[str | None, Page]]:
        seen = set()
        while start not in seen and (page := self._get(start)):
            yield start, page
            seen.add(start)
            start = page.next

    def _rewrite(self, start: str | None) -> None:
        """Write the texts from a place on anew, without what is outdated, joined where they are short.

        Deletions stay, except in the first text, before which there is nothing: another process may write
        an older page before them. From first to last, so that each step leaves a chain.
        """
        texts: list[tuple[str | None, Page]] = []
        absorbed: list[str | None] = []
        old: dict[str | None, Page] = {}
        for begins, page in self._own_pages(start):
            current = self._current(page)
            if texts and len(texts[-1][1].changes) + len(current.changes) <= _MOST:
                texts[-1] = texts[-1][0], self._current(pages.joined(texts[-1][1], current))
                absorbed.append(begins)
            else:
                texts.append((begins, current))
            old[begins] = page
        if start is None and texts:
            texts[0] = None, _without_deletions(texts[0][1])
        if not all(page == old[begins] or self._set(begins, page) for begins, page in texts):
            return
        for begins in absorbed:
            self._remove(begins or _BEGINNING)
        if not texts:
            return
        index = [begins for begins, _ in self._starts].index(start)
        self._starts[index:] = [(begins, len(page.changes)) for begins, page in texts]
        if start is None:
            self.sessions.outdated, self.sessions.has_deleted = 0, False

    def _own_pages(self, start: str | None) -> list[tuple[str | None, Page]]:
        """Return the texts from a place up to this chain's end; none if another process has changed them."""
        found = []
        for begins, page in self._pages(start):
            found.append((begins, page))
            if page.next == self.place:
                return found
        return []

    def _current(self, page: Page) -> Page:
        changes = {id: one for id, one in page.changes.items() if self.sessions.is_current(one)}
        return Page(page.next, page.reset, page.kept_since, changes)

    def _remove_left(self) -> None:
        """Remove texts that are no part of the chain: a process was ended before it could."""
        chain = {start or _BEGINNING for start, _ in self._starts}
        try:
            keys = self._storage.keys()
        except Exception as error:
            self._tell(StorageFailed("list", error))
            return
        for key in keys:
            name = key.removeprefix(self._prefix)
            if key.startswith(self._prefix) and name not in chain:
                self._remove(name)

    def _get(self, start: str | None) -> Page | None:
        key = self._prefix + (start or _BEGINNING)
        try:
            text = self._storage.get(key)
        except Exception as error:
            self._tell(StorageFailed("read", error))
            raise Unreached from error
        if text is None:
            return None
        if page := pages.read(parsed(text)):
            return page
        self._tell(Unreadable(key, text))  # it is fetched and written anew
        return None

    def _set(self, start: str | None, page: Page) -> bool:
        try:
            self._storage.set(self._prefix + (start or _BEGINNING), _text(page.as_json()))
        except Exception as error:
            self._tell(StorageFailed("write", error))
            return False
        return True

    def _remove(self, name: str) -> None:
        try:
            self._storage.remove(self._prefix + name)
        except Exception as error:
            self._tell(StorageFailed("remove", error))


def _without_deletions(page: Page) -> Page:
    changes = {id: one for id, one in page.changes.items() if not one["deleted"]}
    return Page(page.next, page.reset, page.kept_since, changes)


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
