"""Build the clients of clients/ and run their own tests in front of a service."""

import fcntl
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.factories import SECRET
from tests.serving import ROOT
from tests.tools.openapi import document

TYPESCRIPT = ROOT / "clients" / "typescript"
PYTHON = ROOT / "clients" / "python"


def run(*command: str | Path, folder: Path, seconds: float = 300, **settings: str) -> str:
    """Run a command; return what it prints. A failure shows the end of it."""
    finished = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "npm_config_update_notifier": "false", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )
    assert finished.returncode == 0, failures(finished.stdout)
    return finished.stdout


def failures(output: str) -> str:
    """Return what a run of Node's tests says of those that failed, or else its end."""
    failed = re.findall(r"^not ok .*?^  \.\.\.$", output, re.MULTILINE | re.DOTALL)
    return "\n".join(failed) or output[-5000:]


def service_environment(address: str) -> dict[str, str]:
    # A zone with an offset, which the tests of unknown zones need.
    return {"VOREX_URL": address, "VOREX_SECRET": SECRET, "TZ": "America/Caracas"}


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Let no other process of the tests do the same at the same time."""
    (folder / "build").mkdir(exist_ok=True)
    with (folder / "build" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def typescript_client() -> Path:
    """Install what the TypeScript client is built with, and build it, unless it is current."""
    with alone(TYPESCRIPT):
        installed = TYPESCRIPT / "node_modules" / ".package-lock.json"
        if is_older(installed, [TYPESCRIPT / "package-lock.json"]):
            run("npm", "ci", "--no-audit", "--no-fund", folder=TYPESCRIPT)
            installed.touch()
        sources = [*TYPESCRIPT.glob("src/**/*.ts"), *TYPESCRIPT.glob("*.json")]
        if is_older(TYPESCRIPT / "dist" / "index.js", sources):
            run("npm", "run", "build", folder=TYPESCRIPT)
        return TYPESCRIPT


def is_older(built: Path, sources: list[Path]) -> bool:
    newest = max(source.stat().st_mtime for source in sources)
    return not built.exists() or built.stat().st_mtime < newest


def generated_types() -> str:
    """Return src/schema.ts as the document of the running code makes it."""
    with alone(TYPESCRIPT):
        (TYPESCRIPT / "build" / "openapi.json").write_bytes(document())
        run("npm", "run", "types", "--", "build/schema.ts", folder=TYPESCRIPT)
        return (TYPESCRIPT / "build" / "schema.ts").read_text()


def figures(output: str) -> str:
    """Return the lines of the clients' tests that say how many requests each fault cost."""
    lines, name = [], ""
    for line in output.splitlines():
        if said := re.match(r"ok \d+ - (.*)", line):
            name = said[1]
        elif said := re.match(r"# (requests: \d+)$", line):
            lines.append(f"{said[1]:<14} {name}")
        elif said := re.match(r"(?:# )?(requests: \d+ +\S.*|random faults.*)", line):
            lines.append(said[1])
    return "\n".join(lines)
