"""Pure: what a language model is asked, and what its answer holds. Raise VERSION with any change."""

from collections.abc import Mapping
from typing import Any

import orjson

from vorex_sessions.insights.shapes import Shape
from vorex_sessions.insights.wording import SLOT

VERSION = "3"
FORMATS = ("json_schema", "json_object", "none")
MOST_TOKENS = 200  # of an answer
_LANGUAGES = {
    "en": "English",
    "de": "German, addressing the reader as du",
    "es": "Spanish, addressing the reader as tú",
    "fr": "French, addressing the reader as tu",
}
_TONES = {
    "plain": "factual and friendly, without exclamation marks",
    "friendly": "warm and encouraging",
}
_SCHEMA = {
    "type": "object",
    "properties": {"text": {"type": "string"}},
    "required": ["text"],
    "additionalProperties": False,
}


def messages(shape: Shape, refused: str | None = None) -> list[dict[str, str]]:
    """The messages; `refused` is why the answer before did not pass."""
    slots = {
        f"f{place}": SLOT.sub("…", phrase) for place, phrase in enumerate(shape.phrases, start=1)
    }
    asked = orjson.dumps({"message": shape.sentence, "slots": slots}).decode()
    again = f" Your last answer broke a rule ({refused})." if refused else ""
    return [
        {"role": "system", "content": _rules(shape)},
        {"role": "user", "content": asked + again},
    ]


def _rules(shape: Shape) -> str:
    return (
        "You reword a message of an app for language learners. Write in "
        f"{_LANGUAGES[shape.language]}; be {_TONES[shape.tone]}. Each slot, such as {{f1}}, is replaced by "
        "a text later: keep each exactly once, unchanged and in the same order. Say the same as the message: "
        "add no fact, no promise and no negation, keep its words in their order, and change only small words "
        "or words for others that mean the same. Use no digit, no link, no markup, and no number word but "
        "the message's own. Keep about the same length. Answer with a JSON object "
        'that has one member: {"text": "the reworded message"}.'
    )


def body(model: str, asked: list[dict[str, str]], format_: str) -> bytes:
    """The body of POST /v1/chat/completions."""
    request: dict[str, Any] = {
        "model": model,
        "messages": asked,
        "max_tokens": MOST_TOKENS,
        "temperature": 0.7,
        "stream": False,
    }
    if format_ == "json_schema":
        schema = {"name": "rewording", "strict": True, "schema": _SCHEMA}
        request["response_format"] = {"type": "json_schema", "json_schema": schema}
    elif format_ == "json_object":
        request["response_format"] = {"type": "json_object"}
    return orjson.dumps(request)


def text_of(content: Any, format_: str) -> str | None:
    """The text in an answer's content; None where it has none."""
    if not isinstance(content, str):
        return None
    try:
        found = orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.strip() if format_ == "none" else None
    text = found.get("text") if isinstance(found, Mapping) and len(found) == 1 else None
    return text.strip() if isinstance(text, str) else None


def most_tokens(asked: list[dict[str, str]]) -> int:
    """No fewer tokens than a question and its answer take: a token has two bytes or more on average."""
    return MOST_TOKENS + sum(len(one["content"].encode()) for one in asked) // 2
