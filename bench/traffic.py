"""Write files of requests for wrk (load.lua), from random learners with their own tokens.

There are two kinds of tokens. `distinct`: no token comes twice within a minute, so that no server gains from
a cache. `recurring`: as in production, an app calls 3 to 6 times an hour with the same token, in two visits:
before the practice (warm-up, statistics) and after it (save, statistics, history).
"""

import itertools
import random
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import jwt
import orjson

from bench import data
from bench.databases import SECRET
from vorex_sessions.models.limits import OUTCOMES
from vorex_sessions.skill_graph import KEYS

COUNT = 40_000  # requests in a file: more than are sent within a minute
_VISIT = 200  # a visit's calls lie within this many requests of others
_REGULARS = 10_000_000  # their numbers begin so far behind those of the newcomers
ENDPOINTS: dict[str, tuple[str, str]] = {
    "save": ("POST", "/api/sessions/save"),
    "history": ("GET", "/api/sessions/history?limit=20"),
    "stats week": ("GET", "/api/sessions/stats?period=week"),
    "stats month": ("GET", "/api/sessions/stats?period=month"),
    "warm-up": ("GET", "/api/sessions/warmup"),
}


def token(number: int, rng: random.Random) -> str:
    """Return a learner's token, with the size and the claims of a token of Supabase Auth."""
    now = int(time.time())
    session = str(UUID(int=rng.getrandbits(128), version=4))
    claims = {
        "iss": "https://abcdefghijklmnopqrst.supabase.co/auth/v1",
        "sub": data.learner_id(number),
        "aud": "authenticated",
        "exp": now + 36_000,
        "iat": now,
        "email": f"learner-{number}@example.com",
        "phone": "",
        "app_metadata": {"provider": "email", "providers": ["email"]},
        "user_metadata": {"email": f"learner-{number}@example.com", "email_verified": True,
                          "phone_verified": False, "sub": data.learner_id(number)},
        "role": "authenticated",
        "aal": "aal1",
        "amr": [{"method": "password", "timestamp": now}],
        "session_id": session,
        "is_anonymous": False,
    }  # fmt: skip
    return jwt.encode(claims, SECRET, algorithm="HS256")


def tokens(
    sessions: int,
    *,
    recurring: bool,
    count: int = COUNT,
    newcomers: bool = False,
    regulars: int = 0,
) -> list[str]:
    """Return new tokens of random learners, in the order of their use.

    Newcomers are learners whom no read asks for: their saves make no other answer longer. So are regulars,
    who are so few that they come again and again.
    """
    rng = random.Random()
    if regulars:
        numbers: Iterator[int] = itertools.cycle(_REGULARS + number for number in range(regulars))
    elif newcomers:
        numbers = itertools.count(data.learners(sessions))
    else:
        numbers = _ordinary(sessions, rng)
    if not recurring:
        return [token(next(numbers), rng) for _ in range(count)]
    placed = []
    visit = 0.0
    while len(placed) < count:
        access_token = token(next(numbers), rng)
        visit += 2.25  # average calls a visit, so that visits overlap evenly
        placed += [
            (visit + rng.random() * _VISIT, access_token) for _ in range(rng.choice((2, 2, 2, 3)))
        ]
    return [access_token for _, access_token in sorted(placed)][:count]


def _ordinary(sessions: int, rng: random.Random) -> Iterator[int]:
    learners = data.learners(sessions)
    while True:
        number = rng.randrange(learners)
        if not data.is_heavy(number):
            yield number


def write(folder: Path, name: str, access_tokens: list[str], *, full: bool = False) -> Path:
    """Write the requests to an endpoint with these tokens; `full` saves contain words and skills."""
    method, path = ENDPOINTS[name]
    rng = random.Random(name)
    bodies = [_body(rng, full=full) for _ in range(500)] if method == "POST" else [""]
    file = folder / f"{name.replace(' ', '-')}.txt"
    with file.open("w") as lines:
        lines.writelines(
            f"{method}\t{path}\t{access_token}\t{rng.choice(bodies)}\n"
            for access_token in access_tokens
        )
    return file


def _body(rng: random.Random, *, full: bool = False) -> str:
    body = {"session_result_id": "@ID@", **data.content(rng), "timezone": "Europe/Berlin"}
    if full:
        body["vocabulary_results"] = [
            {"word": f"word {rng.randrange(3000)}", "outcome": rng.choice(OUTCOMES)}
            for _ in range(20)
        ]
        body["skills"] = [
            {"skill": skill, "score": rng.randrange(101)} for skill in rng.sample(list(KEYS), 5)
        ]
    return orjson.dumps(body).decode()


def once(path: str, access_token: str, folder: Path) -> Path:
    """Write a file with one GET, which is sent repeatedly."""
    file = folder / "once.txt"
    file.write_text(f"GET\t{path}\t{access_token}\t\n")
    return file
