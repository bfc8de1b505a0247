"""The problems with which the server itself answers: what is not HTTP, what fails outside of the app."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Refusal:
    """A problem type that the app does not know."""

    status: int
    slug: str
    title: str
    meaning: str
    detail: str = "The request is not valid HTTP."


MALFORMED = Refusal(
    400, "bad-request", "Bad request", "The request does not follow the rules of HTTP."
)
URI_TOO_LONG = Refusal(
    414, "uri-too-long", "URI too long", "The address with its query is over 4094 bytes."
)
HEADER_TOO_LARGE = Refusal(
    431,
    "header-too-large",
    "Header fields too large",
    "A header field is over 16 KiB, all of them are over 32 KiB, or there are more than 100.",
)
EXPECTATION_FAILED = Refusal(
    417,
    "expectation-failed",
    "Expectation failed",
    "The header Expect asks for something other than 100-continue.",
)
BUG = Refusal(
    500,
    "internal-error",
    "Internal server error",
    "Something went wrong in the service; its log says what, under the answer's X-Request-ID.",
    "The request could not be completed; please try again.",
)
REFUSALS = (MALFORMED, URI_TOO_LONG, HEADER_TOO_LARGE, EXPECTATION_FAILED, BUG)
