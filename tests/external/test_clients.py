"""The clients of clients/: their types are current, their tests pass in front of the service, and they are built."""

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.external.clients import (
    TYPESCRIPT,
    figures,
    generated_types,
    run,
    service_environment,
    typescript_client,
)
from tests.serving import gunicorn

pytestmark = pytest.mark.external


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    # Each test of theirs has a learner of its own; one of them asks 100 times in a second.
    with gunicorn(database_url, RATELIMIT_WRITES="10000", RATELIMIT_READS="10000") as (address, _):
        yield address


def test_the_typescript_clients_types_are_those_of_the_document() -> None:
    typescript_client()
    committed = (TYPESCRIPT / "src" / "schema.ts").read_text()
    assert generated_types() == committed, "run `make client-types` and commit the result"


def test_the_typescript_client_passes_its_tests(address: str) -> None:
    folder = typescript_client()
    output = run("npm", "test", folder=folder, **service_environment(address))
    assert "# fail 0" in output
    print("\nTypeScript\n" + figures(output))


def test_the_typescript_client_is_built_as_a_package(tmp_path: Path) -> None:
    folder = typescript_client()
    run("npm", "pack", "--ignore-scripts", "--pack-destination", tmp_path, folder=folder)
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = archive.getnames()
    assert {"package/dist/index.js", "package/dist/index.d.ts", "package/README.md"} <= set(names)
    assert not [name for name in names if "/src/" in name or "/test/" in name]
    (tmp_path / "app").mkdir()
    run("npm", "install", "--no-audit", "--no-fund", "--offline", package, folder=tmp_path / "app")
    program = "import { PracticeQueue } from 'vorex-sessions'; import 'vorex-sessions/file'; PracticeQueue.name"
    run("node", "--input-type=module", "-e", program, folder=tmp_path / "app")
