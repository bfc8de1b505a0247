"""What newer capabilities derive from the sessions; capabilities.py fills this once, at import."""

from collections.abc import Iterable
from functools import lru_cache

from vorex_sessions.learner_data import Derived

DERIVED: list[Derived] = []


def take_charge(derived: Iterable[Derived]) -> None:
    """From now on these hear of every save."""
    DERIVED[:] = derived
    forgetting.cache_clear()


@lru_cache(maxsize=2)
def forgetting(*, figures_only: bool = False) -> str:
    """Statements for what changes or removes sessions of `:user_id`, in its transaction; see Derived."""
    texts = (one.forget_figures if figures_only else one.forget_all for one in DERIVED)
    return "".join(f"{text};\n" for text in texts if text)
