"""Where the queue keeps its sessions."""

import contextlib
import os
import re
import time
from pathlib import Path
from typing import Protocol
from urllib.parse import quote, unquote
from uuid import uuid4

_SUFFIX = ".json"
_DRAFT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.draft")
_LEFT = 3600.0  # seconds; a draft of a process that still writes it is younger


class Storage(Protocol):
    """Texts by name. Any exception means that nothing is known of what was asked."""

    def get(self, key: str) -> str | None:
        """Return a text; None if there is none."""

    def set(self, key: str, text: str) -> None:
        """Keep a text."""

    def remove(self, key: str) -> None:
        """Remove a text, if it is there."""

    def keys(self) -> list[str]:
        """Return the names of all texts."""


class MemoryStorage:
    """Keeps texts until the program ends."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def get(self, key: str) -> str | None:
        """Return a text; None if there is none."""
        return self._texts.get(key)

    def set(self, key: str, text: str) -> None:
        """Keep a text."""
        self._texts[key] = text

    def remove(self, key: str) -> None:
        """Remove a text, if it is there."""
        self._texts.pop(key, None)

    def keys(self) -> list[str]:
        """Return the names of all texts."""
        return list(self._texts)


class FileStorage:
    """Keeps texts in a folder, a file each. Several processes may share it."""

    def __init__(self, folder: str | Path) -> None:
        self._folder = Path(folder)

    def get(self, key: str) -> str | None:
        """Return a text; None if there is none."""
        try:
            return self._path(key).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return None

    def set(self, key: str, text: str) -> None:
        """Keep a text. A file is whole or absent: it is written beside, then given its name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        draft = self._folder / f"{uuid4()}.draft"
        try:
            descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with open(descriptor, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(self._path(key))
        except BaseException:
            draft.unlink(missing_ok=True)
            raise

    def remove(self, key: str) -> None:
        """Remove a text, if it is there."""
        self._path(key).unlink(missing_ok=True)

    def keys(self) -> list[str]:
        """Return the names of all texts."""
        try:
            names = [path.name for path in self._folder.iterdir()]
        except FileNotFoundError:
            return []
        for name in filter(_DRAFT.fullmatch, names):
            self._remove_left(self._folder / name)
        keys = {name: unquote(name.removesuffix(_SUFFIX)) for name in names}
        # A foreign file may have a name that no key has.
        return [key for name, key in keys.items() if self._path(key).name == name]

    def _remove_left(self, draft: Path) -> None:
        """Remove a draft whose process has ended before it could give it its name."""
        with contextlib.suppress(OSError):  # another process was quicker
            if time.time() - draft.stat().st_mtime > _LEFT:
                draft.unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._folder / (quote(key, safe="") + _SUFFIX)
