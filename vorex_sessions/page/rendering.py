"""The page as HTML, from templates/, and its files under addresses that change with their content."""

import re
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from importlib.resources import files
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader

from vorex_sessions.page import access, notes, view
from vorex_sessions.page.options import Options
from vorex_sessions.page.reading import Practice
from vorex_sessions.page.texts import Texts


@lru_cache(maxsize=1)
def _templates() -> Environment:
    return Environment(
        loader=PackageLoader("vorex_sessions.page"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


class Asset(NamedTuple):
    """A file of the page; its name changes with its content."""

    stem: str
    suffix: str
    mimetype: str
    content: bytes

    @property
    def name(self) -> str:
        """The name, with a digest of the content."""
        return f"{self.stem}-{sha256(self.content).hexdigest()[:12]}{self.suffix}"

    def is_named(self, name: str) -> bool:
        """Whether a name is that of this file, in this release or in another one."""
        return (
            re.fullmatch(rf"{self.stem}-[0-9a-f]{{12}}{re.escape(self.suffix)}", name) is not None
        )


@lru_cache(maxsize=1)
def assets() -> Mapping[str, Asset]:
    """The style sheet and the icon."""
    folder = files("vorex_sessions.page").joinpath("static")
    return {
        name: Asset(name, suffix, mimetype, folder.joinpath(f"{name}{suffix}").read_bytes())
        for name, suffix, mimetype in (
            ("progress", ".css", "text/css"),
            ("icon", ".svg", "image/svg+xml"),
        )
    }


def page(practice: Practice, options: Options, texts: Texts) -> str:
    """The learner's page."""
    minutes = texts.words.count("minutes", access.SESSION_LIVES.total_seconds() / 60)
    return _render(
        "progress.html",
        texts,
        sections=view.sections(practice, options, texts),
        embed=options.embed,
        query=options.query,
        only_of=notes.only_of(options, texts),
        close_why=texts.say("page", "close_why", n=minutes),
    )


def message(name: str, texts: Texts, *, action: str = "") -> str:
    """A page that says what to do; with `action` it has a button that goes on to that address."""
    return _render("message.html", texts, name=name, action=action)


def _render(template: str, texts: Texts, **values: Any) -> str:
    addresses = {name: f"/progress/assets/{asset.name}" for name, asset in assets().items()}
    return _templates().get_template(template).render(t=texts, assets=addresses, **values)
