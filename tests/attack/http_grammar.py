"""Random HTTP, most of it nearly right: what a client's bug, a scanner or an attacker sends."""

import random

METHODS = (
    "GET",
    "POST",
    "PATCH",
    "DELETE",
    "PUT",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "PRI",
    "get",
    "G\x00T",
    "",
)
TARGETS = (
    *("/healthz", "/readyz", "/metrics", "/openapi.json", "/docs", "//metrics", "/%2e%2e/metrics"),
    *("/api/sessions/save", "/api/sessions/batch", "/api/sessions/stats", "/api/sessions/history"),
    *(
        "/api/sessions/export?format=csv",
        "/api/sessions/vocabulary",
        "/api/sessions/%00",
        "*",
        "http://x/healthz",
    ),
)
VERSIONS = ("HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/1.1 ", "http/1.1", "HTTP/9.9", "")
ENDS = ("\r\n", "\n", "\r", "\r\n ", "\0\r\n")


def request(dice: random.Random, access_token: str) -> list[bytes]:
    """The packets of a request, or of something like it."""
    body, framing = _framed_body(dice)
    headers = [
        "Host: x",
        f"Authorization: Bearer {access_token}",
        "Content-Type: application/json",
        *framing,
        *(_header(dice) for _ in range(dice.choice((0, 1, 3, 90, 200)))),
    ]
    dice.shuffle(headers)
    target = dice.choice(TARGETS) + ("?" + _noise(dice) if dice.random() < 0.2 else "")
    end = dice.choice(ENDS) if dice.random() < 0.1 else "\r\n"
    version = dice.choice(VERSIONS) if dice.random() < 0.2 else "HTTP/1.1"
    line = f"{dice.choice(METHODS)} {target} {version}"
    head = end.join([line, *headers]) + end * 2
    return _packets(dice, head.encode("utf-8", "surrogatepass") + body)


def _packets(dice: random.Random, message: bytes) -> list[bytes]:
    if dice.random() < 0.2:
        message = message[: dice.randrange(len(message) + 1)]  # broken off
    if dice.random() < 0.2 and message:
        place = dice.randrange(len(message))
        message = message[:place] + dice.randbytes(dice.choice((1, 4, 400))) + message[place:]
    if dice.random() < 0.2:
        message *= 3  # pipelined
    size = dice.choice((1_000_000, 1460, 64 * 1024, 100))
    return [message[start : start + size] for start in range(0, len(message), size)][:2000]


def _noise(dice: random.Random) -> str:
    letters = "a=&%;/\\\u0301\u200b\x7f\"'{}[]<>09Zé"
    return "".join(dice.choice(letters) for _ in range(dice.choice((1, 10, 300, 5000))))


def _header(dice: random.Random) -> str:
    names = (
        "X-Request-ID",
        "Idempotency-Key",
        "Content-Length",
        "Transfer-Encoding",
        "Expect",
        "Upgrade",
        "A",
    )
    values = (
        "1",
        "-1",
        "chunked",
        "chunked, chunked",
        "gzip",
        "100-continue",
        "h2c",
        "é",
        _noise(dice),
    )
    return f"{dice.choice(names)}{dice.choice((':', ': ', ' : ', ''))}{dice.choice(values)}"


def _framed_body(dice: random.Random) -> tuple[bytes, list[str]]:
    data = dice.choice((b"{}", b"", b"[" * 100_000, b" " * dice.choice((10, 70_000, 1_500_000))))
    kind = dice.random()
    if kind < 0.3:
        length = dice.choice((len(data), len(data), len(data) + 5, max(0, len(data) - 5), 10**18))
        return data, [f"Content-Length: {length}"]
    if kind < 0.8:
        return _chunks(dice, data), ["Transfer-Encoding: chunked"]
    return b"", []


def _chunks(dice: random.Random, data: bytes) -> bytes:
    size = dice.choice((1, 7, 1000, 100_000))
    pieces = [data[start : start + size] for start in range(0, len(data), size)][:20_000]
    extension = (
        dice.choice((b"", b"", b";a", b";" + b"a" * dice.choice((10, 100_000)))) if pieces else b""
    )
    # With thousands of such chunks the attackers run out of memory themselves.
    if len(extension) > 1000:
        pieces = pieces[:20]
    wrong = dice.random() < 0.3
    chunks = [
        b"%x%b\r\n%b\r\n" % (len(piece) + (wrong and dice.random() < 0.1), extension, piece)
        for piece in pieces
    ]
    trailers = dice.choice((b"", b"A: b\r\n", b"A: b\r\n" * 30_000, b"a" * 300_000))
    return b"".join(chunks) + b"0\r\n" + trailers + b"\r\n"
