"""openapi.json through validators, linters and generators; generated clients against the live service."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import orjson
import pytest
from flask import Flask

from tests.contract import document
from tests.external.newer_service import newer_service
from tests.factories import Learner, token
from tests.serving import gunicorn

pytestmark = pytest.mark.external

SOURCES = Path(__file__).parent / "generators"
BIN = SOURCES / ".venv" / "bin"
NODE_BIN = SOURCES / "node_modules" / ".bin"
SPEC = "openapi.json"
HEY_API = "@hey-api/typescript @hey-api/sdk @hey-api/client-fetch"
# By name: the command, in a folder with the document and the files of `generators/`.
TOOLS = {
    "openapi-spec-validator": f"openapi-spec-validator {SPEC}",
    "spectral": f"spectral lint {SPEC} --ruleset spectral.yaml --fail-severity warn",
    "redocly": f"redocly lint {SPEC} --config redocly.yaml",
    "openapi-typescript": f"openapi-typescript {SPEC} -o generated/openapi_typescript.ts",
    "hey-api": f"openapi-ts -i {SPEC} -o generated/hey_api -p {HEY_API}",
    "orval": "orval --config orval.config.js",
    "openapi-python-client": f"openapi-python-client generate --path {SPEC} --meta none "
    "--output-path generated/python_client --config openapi_python_client.yaml --fail-on-warning",
    "datamodel-code-generator": f"datamodel-codegen --input {SPEC} --input-file-type openapi "
    "--output generated/models.py --output-model-type pydantic_v2.BaseModel "
    "--target-python-version 3.11 --formatters builtin",
    "openapi-generator": "openapi-generator-cli batch --fail-fast kotlin.yaml swift6.yaml dart-dio.yaml",
}
CLIENTS = {
    "openapi-fetch": "node built/openapi_fetch.js",
    "hey-api": "node built/hey_api.js",
    "orval": "node built/orval.js",
    "openapi-python-client": "python use_openapi_python_client.py",
    "datamodel-code-generator": "python use_datamodel_code_generator.py",
}


def run(command: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{BIN}:{NODE_BIN}:{os.environ['PATH']}",
        "JAVA_TOOL_OPTIONS": "-XX:TieredStopAtLevel=1",  # compiles once, for a short run
        "REDOCLY_TELEMETRY": "off",
        "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true",
        **variables,
    }
    return subprocess.run(
        command.split(),
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def folder(app: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    assert NODE_BIN.exists(), "`make external` installs the generators first"
    folder = tmp_path_factory.mktemp("generators") / "here"
    shutil.copytree(SOURCES, folder, ignore=shutil.ignore_patterns(".venv", "node_modules"))
    (folder / "node_modules").symlink_to(SOURCES / "node_modules")
    (folder / "generated").mkdir()
    (folder / SPEC).write_bytes(orjson.dumps(document(app), option=orjson.OPT_INDENT_2))
    return folder


@pytest.fixture(scope="module")
def runs(folder: Path) -> Iterator[dict[str, Future]]:
    """All tools, two at a time; the longest first."""
    with ThreadPoolExecutor(2) as pool:
        yield {name: pool.submit(run, TOOLS[name], folder) for name in reversed(TOOLS)}


@pytest.mark.parametrize("tool", TOOLS)
def test_tools_accept_the_document(runs: dict[str, Future], tool: str) -> None:
    finished = runs[tool].result()
    assert finished.returncode == 0, finished.stdout


def test_kotlin_swift_and_dart_get_the_types_that_are_meant(
    runs: dict[str, Future], folder: Path
) -> None:
    assert runs["openapi-generator"].result().returncode == 0
    for name, members in {
        "SessionResult.kt": [
            "val sessionType: kotlin.String",
            "val fluencyScore: java.math.BigDecimal?",
        ],
        "SessionResult.swift": ["var sessionType: String", "var fluencyScore: Double?"],
        "session_result.dart": ["String get sessionType", "num? get fluencyScore"],
        "Save.kt": ["val sessionType: SessionType"],
        "LearnerExport.kt": ["val memories: kotlin.collections.List<MemoryRow>"],
    }.items():
        (path,) = (folder / "generated").rglob(name)
        for member in members:
            assert member in path.read_text(), name


@pytest.fixture(scope="module")
def built(runs: dict[str, Future], folder: Path) -> Path:
    """The folder with all clients generated, and those in TypeScript compiled under --strict."""
    assert {name: runs[name].result().returncode for name in TOOLS} == dict.fromkeys(TOOLS, 0)
    compiled = run("tsc -p .", folder)
    assert compiled.returncode == 0, compiled.stdout
    return folder


@pytest.fixture(scope="module")
def address(app: Flask, database_url: str) -> Iterator[str]:
    with gunicorn(database_url) as (address, _):
        yield address


@pytest.mark.parametrize("client", CLIENTS)
def test_generated_clients_save_page_and_read_problems(
    built: Path, address: str, learner: Learner, client: str
) -> None:
    finished = run(CLIENTS[client], built, ADDRESS=address, TOKEN=token(learner.id))
    assert finished.stdout == "done\n"
    assert learner.count() == 4


@pytest.fixture(scope="module")
def newer_address(app: Flask, address: str) -> Iterator[str]:
    schemas = document(app)["components"]["schemas"]
    growing = {
        name
        for schema in schemas.values()
        for name, described in schema.get("properties", {}).items()
        if "x-extensible-enum" in described
    }
    assert {"session_type", "status", "period"} <= growing
    with newer_service(address, growing) as newer:
        yield newer


@pytest.mark.parametrize("client", CLIENTS)
def test_new_members_and_values_break_no_generated_client(
    built: Path, newer_address: str, learner: Learner, client: str
) -> None:
    finished = run(CLIENTS[client], built, ADDRESS=newer_address, TOKEN=token(learner.id))
    assert finished.stdout == "done\n"
