"""Reports errors of commands as one sentence instead of a traceback."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import click
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

P = ParamSpec("P")
R = TypeVar("R")


def report_database_errors(command: Callable[P, R]) -> Callable[P, R]:
    """Decorate a command: a database error becomes one sentence and exit status 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except (DBAPIError, PoolTimeout) as error:
            reason = str(getattr(error, "orig", None) or error).partition("\n")[0]
            if getattr(getattr(error, "orig", None), "pgcode", None):  # PostgreSQL has replied
                raise click.ClickException(f"The database refused: {reason}") from None
            raise click.ClickException(
                f"The database cannot be reached: {reason}. Check DATABASE_URL."
            ) from None

    return run
