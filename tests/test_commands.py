"""The `flask` command and gunicorn, as somebody runs them who has set nothing yet."""

import os
import subprocess

import pytest
from flask import Flask

from tests.factories import SECRET
from tests.serving import BIN, ROOT

NOWHERE = "postgresql://nobody@127.0.0.1:1/nothing"


def run(*command: str, **settings: str) -> subprocess.CompletedProcess:
    bare = {"PATH": os.environ["PATH"], "FLASK_APP": "wsgi", **settings}
    program, *arguments = command
    return subprocess.run(
        [BIN / program, *arguments], cwd=ROOT, env=bare, capture_output=True, text=True, timeout=60
    )


@pytest.mark.parametrize(
    "command",
    [
        ("flask", "--help"),
        ("flask", "db", "upgrade"),
        ("flask", "rebuild"),
        ("gunicorn", "wsgi:app"),
    ],
    ids=" ".join,
)
def test_without_settings_a_command_says_one_sentence(command: tuple[str, ...]) -> None:
    done = run(*command)
    assert done.returncode != 0
    assert (
        done.stderr == "DATABASE_URL is missing: set it to the address of a PostgreSQL database.\n"
    )
    assert done.stdout == ""


def test_gunicorn_names_a_setting_that_is_unusable() -> None:
    done = run(
        "gunicorn", "wsgi:app", DATABASE_URL=NOWHERE, SUPABASE_JWT_SECRET=SECRET, PORT="http"
    )
    assert done.returncode != 0
    assert done.stderr == "PORT must be a whole number from 1 to 65535.\n"


@pytest.mark.parametrize(
    "command", ["db upgrade", "db current", "rebuild", "demo", "cohorts refresh"]
)
def test_without_a_database_a_command_says_one_sentence(command: str) -> None:
    done = run("flask", *command.split(), DATABASE_URL=NOWHERE, SUPABASE_JWT_SECRET=SECRET)
    assert done.returncode == 1
    assert done.stderr.startswith("Error: The database cannot be reached: Connection refused")
    assert done.stderr.endswith("Check DATABASE_URL.\n")
    assert done.stderr.count("\n") == 1


def test_what_postgresql_refuses_is_one_sentence(app: Flask, database_url: str) -> None:
    elsewhere = database_url.replace("/vorex_test", "/no_such_vorex_test")
    done = run("flask", "db", "upgrade", DATABASE_URL=elsewhere, SUPABASE_JWT_SECRET=SECRET)
    assert done.returncode == 1
    assert "does not exist" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_help_lists_our_commands(database_url: str) -> None:
    done = run("flask", "--help", DATABASE_URL=database_url, SUPABASE_JWT_SECRET=SECRET)
    assert done.returncode == 0
    names = (
        "cohorts",
        "db",
        "demo",
        "events",
        "import",
        "insights",
        "live",
        "privacy",
        "rebuild",
        "token",
    )
    for name in names:
        assert f"\n  {name} " in done.stdout
    assert "growth" not in done.stdout  # works, and is no longer shown
    assert "Traceback" not in done.stdout + done.stderr
