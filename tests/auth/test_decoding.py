"""Our decoder takes and refuses the tokens that PyJWT takes and refuses: it only looks at them faster."""

import base64
from collections.abc import Callable
from typing import Any

import jwt
from flask import Flask
from flask_jwt_extended import decode_token
from hypothesis import given
from hypothesis import strategies as st
from jwt.exceptions import PyJWTError

from tests.factories import SECRET, token
from vorex_sessions.auth import decoding

GOOD = token()
# What a client, a proxy or a forger may make of a character.
CHARACTERS = st.sampled_from("Aa09-_+/=.% \n~é")
CHANGES = st.lists(
    st.tuples(
        st.integers(0, len(GOOD)), st.sampled_from(["insert", "replace", "delete"]), CHARACTERS
    ),
    max_size=3,
)
SEGMENTS = st.binary(max_size=12) | st.text("Aa09-_=", max_size=12).map(str.encode)


def changed(changes: list[tuple[int, str, str]]) -> str:
    text = GOOD
    for place, how, character in changes:
        inserted = "" if how == "delete" else character
        text = text[:place] + inserted + text[place + (how != "insert") :]
    return text


def outcome(decode: Callable[[], Any]) -> Any:
    """The claims, or None where the token is refused."""
    try:
        return decode()
    except (PyJWTError, ValueError):
        return None


@given(CHANGES)
def test_a_changed_token_is_taken_where_pyjwt_takes_it(app: Flask, changes: list) -> None:
    text = changed(changes)
    rules = {"verify_aud": False, "verify_sub": False, "require": ["exp"]}
    theirs = outcome(
        lambda: jwt.decode(text, SECRET, algorithms=["HS256"], options=rules, leeway=10)
    )
    with app.app_context():
        assert outcome(lambda: decode_token(text)) == theirs


@given(SEGMENTS)
def test_a_part_of_a_token_is_read_as_pyjwt_reads_it(segment: bytes) -> None:
    theirs = outcome(lambda: jwt.PyJWS._decode_base64url_segment(segment, "payload"))
    assert (
        outcome(lambda: decoding._Signatures._decode_base64url_segment(segment, "payload"))
        == theirs
    )
    if theirs is not None:
        padded = segment + b"=" * (-len(segment) % 4)
        assert theirs == base64.urlsafe_b64decode(padded)


def test_pyjwt_asks_our_class() -> None:
    assert isinstance(decoding._TOKENS._jws, decoding._Signatures)
    assert "_decode_base64url_segment" in vars(jwt.PyJWS)  # what it overrides is still there
