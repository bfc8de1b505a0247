"""Access tokens as Supabase Auth issues them, for trying the service and for its tests."""

from datetime import datetime, timedelta
from typing import Any

import jwt
from flask import current_app

DEMO_LEARNER = "00000000-0000-4000-8000-000000000001"


def mint(learner_id: str, *, role: str, days: int, now: datetime) -> str:
    """Sign a token with the service's own HS256 secret, valid for `days` from now."""
    claims: dict[str, Any] = {"role": role, "iat": now, "exp": now + timedelta(days=days)}
    issuer = current_app.config["SUPABASE_URL"]
    if role != "service_role":  # Supabase's service key has neither `sub` nor `aud`
        claims |= {"sub": learner_id, "aud": current_app.config["JWT_AUDIENCE"]}
        claims |= {"iss": f"{issuer}/auth/v1"} if issuer else {}
    return jwt.encode(claims, current_app.config["JWT_SECRET_KEY"], algorithm="HS256")
