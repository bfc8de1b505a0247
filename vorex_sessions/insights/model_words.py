"""What a language model has written, for who shows it: nothing here asks the model, or loads what asks it."""

from collections.abc import Sequence
from datetime import datetime

from vorex_sessions.database import run
from vorex_sessions.flask_config import setting
from vorex_sessions.insights import gate, model_store, prompts
from vorex_sessions.insights.shapes import Shape

ASKED = "asked"


def has_model() -> bool:
    """Whether the operator has set a model."""
    return bool(setting("INSIGHTS_MODEL_URL") and setting("INSIGHTS_MODEL"))


def key_of(shape: Shape) -> str:
    """The key of a model's wording: of another model or prompt it is another one."""
    return shape.key(prompts.VERSION, setting("INSIGHTS_MODEL"))


def written(shapes: Sequence[Shape], wordings_at: datetime) -> dict[Shape, str]:
    """What the operator's model had written for these shapes by then, if it still passes the gate."""
    if not shapes or not has_model():
        return {}
    keys = {key_of(shape): shape for shape in shapes}
    rows = run(model_store.READ, {"keys": list(keys), "wordings_at": wordings_at})
    texts = {keys[row.key]: row.text for row in rows}
    return {shape: text for shape, text in texts.items() if not gate.refusal(shape, text)}


def newest() -> datetime | None:
    """When the newest wording was stored."""
    at: datetime | None = run(model_store.NEWEST)[0].newest
    return at


def model_use() -> list[tuple[str, int, int]]:
    """Each outcome with how often it came; the one of `ASKED` has the tokens. Nothing without a model."""
    rows = run(model_store.USE) if has_model() else ()
    return [(row.outcome, row.answers, row.tokens) for row in rows]
