"""Whose an access token is. The service checks tokens; the queue must not send with another's."""

import base64

from vorex_sessions_client.problems import parsed


def is_anothers(token: str, learner: str) -> bool:
    """Return whether the token says that it is another learner's. One that cannot be read says nothing."""
    encoded = token.split(".")[1] if "." in token else ""
    try:
        text = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4)).decode()
    except ValueError:
        return False
    payload = parsed(text)
    subject = payload.get("sub") if isinstance(payload, dict) else None
    # A UUID is the same in capitals.
    return isinstance(subject, str) and subject.lower() != learner.lower()
