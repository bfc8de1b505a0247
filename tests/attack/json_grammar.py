"""Random JSON around what the API takes: each value may be of the wrong kind, size or script."""

import json
import random
from typing import Any
from uuid import uuid4

FIELDS = (
    *(
        "session_type",
        "duration_seconds",
        "words_spoken",
        "topics",
        "new_words",
        "areas_to_improve",
    ),
    *("metadata", "started_at", "completed_at", "timezone", "user_level", "score", "scenario_id"),
    *("outcomes", "feedback", "session_result_id", "language", "unknown"),
)
PATHS = (
    *("history?topic=", "history?q=", "vocabulary?q=", "stats?period=", "stats?timezone="),
    *("history?cursor=", "history?limit=", "warmup?language=", "breakdown?period=", "trends?"),
)
_LETTERS = "".join(random.Random(1).choices("abcdefghijklmnopqrstuvwxyz  ", k=50_000))


def path(dice: random.Random) -> str:
    """A question with a hostile value."""
    return dice.choice(PATHS) + _text(dice, 1000)


def body(dice: random.Random) -> bytes:
    """A save or a batch, as bytes that are nearly JSON."""
    count = dice.choice((1, 1, 1, 3, 3, 20, 100, 101))
    sessions = [_session(dice, 300_000 // count) for _ in range(count)]
    value: Any = sessions[0] if len(sessions) == 1 else {"sessions": sessions}
    text = json.dumps(value, ensure_ascii=dice.random() < 0.5)
    encoded = text.encode("utf-8", "surrogatepass")[: 5 * 1024 * 1024]
    return encoded[: dice.randrange(len(encoded))] if dice.random() < 0.05 else encoded


def _session(dice: random.Random, longest: int) -> dict[str, Any]:
    found: dict[str, Any] = {"session_type": "conversation", "duration_seconds": 300}
    found["session_result_id"] = str(uuid4())
    for field in dice.sample(FIELDS, dice.choice((0, 1, 2))):
        found[field] = _value(dice, 3, longest)
    if dice.random() < 0.2:  # valid, and as much as is allowed
        found["areas_to_improve"] = [f"{_letters(dice, 180)} {n}" for n in range(50)]
    return found


def _value(dice: random.Random, depth: int, longest: int = 200) -> Any:
    kind = dice.randrange(9 if depth else 6)
    if kind < 3:
        return _text(dice, longest)
    if kind == 3:
        return dice.choice((0, -1, 10**30, 10**400, 2**63, 1e308, 5e-324, -0.0, True, None))
    if kind == 4:
        odd = ("2026-02-30T25:00:00Z", "9999-12-31T23:59:59-23:59")
        return float("nan") if dice.random() < 0.01 else dice.choice(odd)
    if kind == 5:
        return [1e308] * dice.choice((1, 2300))
    if kind == 6:
        return [
            _value(dice, depth - 1)
            for _ in range(dice.choice((0, 1, 20, 300 if depth == 1 else 5)))
        ]
    if kind == 7:
        return {_text(dice, 200): _value(dice, depth - 1) for _ in range(dice.choice((0, 1, 20)))}
    nested: Any = []
    for _ in range(dice.choice((10, 400))):
        nested = [nested]
    return nested


def _letters(dice: random.Random, size: int) -> str:
    start = dice.randrange(len(_LETTERS) - size)
    return _LETTERS[start : start + size]


def _text(dice: random.Random, longest: int = 5000) -> str:
    size = min(longest, dice.choice((0, 1, 10, 200, 5000, 300_000)))
    if dice.random() < 0.3:
        return _letters(dice, min(size, 5000))
    repeated, most = dice.choice(
        (
            ("\u0301\u0323", 300_000),
            ("\u200b\u00ad\u200e", 500),
            ("\ufdfa", 300_000),  # 18 letters each, under NFKC
            ("\U0001f468\u200d\U0001f469", 500),
            ("\ud800", 10),
            ("\0", 10),
            ("9", 300_000),
            ("/'\"\\%_;--", 500),
        )
    )
    return "a" + repeated * min(size, most)
