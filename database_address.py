"""The address of PostgreSQL as people write it, and as SQLAlchemy reads it."""

import re
from urllib.parse import parse_qs

_HOST = r"(\[[^]]*\]|[^:@,\[\]]*)(?::([0-9]*))?"  # a name, an IPv4 address or [an IPv6 address], and a port
_FORM = "must look like postgresql://user:password@host:5432/database"


def database_url(value: str) -> str:
    """Return the address with the driver; `postgres://`, as Railway and Heroku write it, is accepted.

    Several hosts, as libpq writes them, become parameters: `postgresql://user@a:1,b:2/database`. Raises
    ValueError; checked here, so that no traceback shows the password.
    """
    scheme, separator, rest = value.partition("://")
    if not separator or scheme not in ("postgres", "postgresql", "postgresql+psycopg2"):
        raise ValueError(_FORM)
    authority = re.split("[/?]", rest)[0]
    user, at, places = authority.rpartition("@")
    hosts = places.split(",")
    if "@" in user or not all(re.fullmatch(_HOST, host) for host in hosts):
        raise ValueError(
            "is unreadable: in user and password write %40 for @, %2F for /, %3A for :, %3F for ?"
        )
    if len(hosts) > 1:
        rest = _with_parameters(user + at, hosts, rest.removeprefix(authority))
    _check_parameters(rest)
    return f"postgresql+psycopg2://{rest}"


def _with_parameters(user: str, places: list[str], path: str) -> str:
    """Write several hosts as the parameters `host` and `port`."""
    found = [re.fullmatch(_HOST, place) for place in places]
    names = ",".join(host[1].strip("[]") for host in found if host)
    ports = ",".join(host[2] or "" for host in found if host)
    path, _, query = path.partition("?")
    more = f"&{query}" if query else ""
    return f"{user}{path or '/'}?host={names}&port={ports}{more}"


def _check_parameters(rest: str) -> None:
    """Refuse hosts and ports that do not belong together."""
    parameters = parse_qs(rest.partition("?")[2], keep_blank_values=True)
    if "," not in "".join(parameters.get("host", ())):
        return
    if len(parameters["host"]) > 1 or len(parameters.get("port", ())) > 1:
        raise ValueError(
            "names its hosts twice: write them before the database, or as host=a,b&port=1,2"
        )
    ports = parameters.get("port", [""])[0].split(",")
    if not all(re.fullmatch("[0-9]*", port) for port in ports):
        raise ValueError("has a port that is not a number")
    if parameters.get("port") and len(ports) != len(parameters["host"][0].split(",")):
        raise ValueError("names more or fewer ports than hosts: write one port for each host")
