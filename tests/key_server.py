"""A project's key server over HTTP. It publishes keys, and is slow, down or invalid on demand."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

PATH = "/auth/v1/.well-known/jwks.json"
_MAKERS: dict[str, Any] = {
    "ES256": (lambda: ec.generate_private_key(ec.SECP256R1()), ECAlgorithm),
    "RS256": (lambda: rsa.generate_private_key(65537, 2048), RSAAlgorithm),
    "EdDSA": (ed25519.Ed25519PrivateKey.generate, OKPAlgorithm),
}


class Key:
    """A signing key of the project."""

    def __init__(self, algorithm: str = "ES256") -> None:
        make, kind = _MAKERS[algorithm]
        self.private, self.algorithm, self.kid = make(), algorithm, str(uuid4())
        published = kind.to_jwk(self.private.public_key(), as_dict=True)
        self.published = {**published, "kid": self.kid, "alg": algorithm, "use": "sig"}

    def token(
        self, sub: str | None = None, *, headers: dict[str, Any] | None = None, **claims: Any
    ) -> str:
        now = datetime.now(UTC)
        payload = {
            "sub": sub or str(uuid4()),
            "aud": "authenticated",
            "role": "authenticated",
            "iat": int(now.timestamp()),
            "exp": now + timedelta(hours=1),
            **claims,
        }
        payload = {name: value for name, value in payload.items() if value is not None}
        headers = {"kid": self.kid, **(headers or {})}
        return jwt.encode(payload, self.private, self.algorithm, headers=headers)


@dataclass
class KeyServer:
    """The answers of the server, and the times of its requests."""

    address: str = ""
    keys: list[Key] = field(default_factory=list)
    status: int = 200
    body: bytes | None = None
    delay: float = 0
    drip: float = 0  # seconds before each byte of the body
    request_times: list[float] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"{self.address}/auth/v1"

    def answer(self) -> bytes:
        if self.body is not None:
            return self.body
        return json.dumps({"keys": [key.published for key in self.keys]}).encode()


@contextmanager
def key_server(port: int = 0) -> Iterator[KeyServer]:
    state = KeyServer()
    stopping = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            assert self.path == PATH
            state.request_times.append(time.monotonic())
            if state.delay:
                stopping.wait(state.delay)
            body = state.answer()
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not state.drip:
                self.wfile.write(body)
                return
            for byte in body:
                if stopping.wait(state.drip):
                    return
                self.wfile.write(bytes([byte]))

        def log_message(self, *arguments: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *arguments: Any) -> None:
            pass  # a client that gave up has closed the connection

    with Server(("127.0.0.1", port), Handler) as server:
        state.address = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield state
        finally:
            stopping.set()
            server.shutdown()
            thread.join()
