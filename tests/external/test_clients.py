"""The clients: their types are current, their tests pass in front of the service, they are packages."""

import json
import os
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.external.clients import (
    PYTHON,
    TYPESCRIPT,
    figures,
    generated_types,
    run,
    service_environment,
    typescript_client,
)
from tests.serving import gunicorn
from tests.tools import python_types
from tests.tools.openapi import document

pytestmark = pytest.mark.external
CURE = "run `make client-types` and commit the result"


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    # One of their tests makes 100 requests in a second.
    with gunicorn(database_url, RATELIMIT_WRITES="10000", RATELIMIT_READS="10000") as (address, _):
        yield address


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str, str], None]:
    """Print figures although the output of tests is captured."""

    def write(title: str, output: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n{title}: requests of the queue\n{figures(output)}\n")

    return write


def test_the_types_of_the_typescript_client_are_those_of_the_document() -> None:
    typescript_client()
    committed = (TYPESCRIPT / "src" / "schema.ts").read_text()
    assert generated_types() == committed, CURE


def test_the_types_of_the_python_client_are_those_of_the_document() -> None:
    committed = (PYTHON / "vorex_sessions_client" / "types.py").read_text()
    source = python_types.source(json.loads(document()))
    assert python_types.formatted(source) == committed, CURE


def test_the_typescript_client_passes_its_tests(
    address: str, show: Callable[[str, str], None]
) -> None:
    output = run("npm", "test", folder=typescript_client(), **service_environment(address))
    assert "# fail 0" in output
    show("TypeScript", output)


def test_the_python_client_passes_its_tests(address: str, show: Callable[[str, str], None]) -> None:
    command = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    path = os.pathsep.join(filter(None, [str(PYTHON), os.environ.get("PYTHONPATH")]))
    output = run(*command, folder=PYTHON, **service_environment(address), PYTHONPATH=path)
    show("Python", output)


def test_the_typescript_client_is_built_as_a_package(tmp_path: Path) -> None:
    folder = typescript_client()
    run("npm", "pack", "--ignore-scripts", "--pack-destination", tmp_path, folder=folder)
    (package,) = tmp_path.glob("*.tgz")
    with tarfile.open(package) as archive:
        names = set(archive.getnames())
    assert {"package/dist/index.js", "package/dist/index.d.ts", "package/README.md"} <= names
    assert not [name for name in names if "/src/" in name or "/test/" in name]
    app = tmp_path / "app"
    app.mkdir()
    run("npm", "install", "--no-audit", "--no-fund", "--offline", package, folder=app)
    program = "import { SessionsClient } from 'vorex-sessions'; import 'vorex-sessions/file';"
    run("node", "--input-type=module", "-e", program, folder=app)


def test_the_python_client_is_built_as_a_package(tmp_path: Path) -> None:
    run(sys.executable, "-m", "hatchling", "build", "--directory", tmp_path, folder=PYTHON)
    (wheel,), (sources,) = tmp_path.glob("*.whl"), tmp_path.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    assert {"vorex_sessions_client/queue.py", "vorex_sessions_client/py.typed"} <= set(names)
    assert not [name for name in names if "tests/" in name]
    with tarfile.open(sources) as archive:
        assert any(name.endswith("tests/test_queue.py") for name in archive.getnames())
    path = os.pathsep.join(filter(None, [str(wheel), os.environ.get("PYTHONPATH")]))
    program = "import vorex_sessions_client as client; assert '.whl' in client.__file__"
    run(sys.executable, "-c", program, folder=tmp_path, PYTHONPATH=path)
