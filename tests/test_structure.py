"""What holds the house together, and outlives people."""

import ast
from pathlib import Path

import pytest
from flask import Flask

import config
from tests import database
from tests.factories import SECRET
from vorex_sessions import create_app
from vorex_sessions.migrating import upgrade

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "vorex_sessions"
# From the bottom up: a module may import those above it in this list, never those below.
LAYERS = [
    "config",
    "logs",
    "pools",
    "plans",
    "flask_config",
    "text",
    "skill_graph",
    "periods",
    "waiting",
    "extensions",
    "migrating",
    "snapshots",
    "metrics",
    "problems",
    "problem_handler",
    "locks",
    "models",
    "learner_data",
    "keys",
    "remembering",
    "auth",
    "pseudonyms",
    "counting",
    "redis_counting",
    "fair_use",
    "schemas",
    "broken_rules",
    "requests",
    "fields",
    "result_fields",
    "query_fields",
    "blueprint",
    "commands",
    "operations",
    "sessions",
    "progress",
    "trends",
    "growth",
    "recall",
    "skills",
    "cohorts",
    "privacy",
    "capabilities",
    "tokens",
    "demo",
    "cli",
    "",
]
TOP_LEVEL = {"config", "logs"}
LOCAL = {"embedded", "local", "local_gunicorn"}
ROOMS = ["schemas", "service", "routes", "__init__"]


def layer(module: str) -> str:
    """`vorex_sessions.sessions.routes` -> `sessions`; the package itself is the top: ``."""
    if module in TOP_LEVEL:
        return module
    return [*module.split("."), ""][1]


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        if isinstance(node, ast.ImportFrom) and node.module:
            if node.module == "vorex_sessions":
                found += [f"vorex_sessions.{alias.name}" for alias in node.names]
            else:
                found.append(node.module)
    return [name for name in found if name in TOP_LEVEL or name.startswith("vorex_sessions")]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_imports_point_downward() -> None:
    wrong = []
    for path in PACKAGE.rglob("*.py"):
        here = layer(module_of(path))
        for name in imports(path):
            there = layer(name)
            if here != there and here not in LOCAL and LAYERS.index(there) > LAYERS.index(here):
                wrong.append(f"{module_of(path)} imports {name}")
    assert not wrong


def test_services_know_nothing_of_requests_schemas_and_responses() -> None:
    for path in PACKAGE.rglob("*.py"):
        room = path.stem.endswith(("schemas", "routes", "__init__", "documented"))
        if not room and path.parent != PACKAGE and path.stem != "cli":
            tree = ast.dump(ast.parse(path.read_text()))
            assert "'marshmallow'" not in tree, path
            if path.parent.name != "operations":
                assert "module='flask'" not in tree, path


def test_only_routes_and_what_serves_them_know_the_request() -> None:
    allowed = {"requests", "auth", "blueprint", "problems", "operations", "cli", "tokens", ""}
    for path in PACKAGE.rglob("*.py"):
        here = layer(module_of(path))
        if here not in allowed | LOCAL and path.stem != "routes":
            assert "vorex_sessions.requests" not in imports(path), path


def test_production_needs_nothing_of_what_only_development_installs() -> None:
    for path in [*PACKAGE.rglob("*.py"), ROOT / "wsgi.py", ROOT / "config.py"]:
        if path.stem not in LOCAL:
            assert "vorex_sessions.embedded" not in imports(path), path


def test_modules_and_functions_stay_short() -> None:
    for path in [*PACKAGE.rglob("*.py"), ROOT / "config.py"]:
        source = path.read_text()
        assert source.count("\n") <= 260, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"


def test_a_missing_setting_stops_the_start_with_its_name() -> None:
    whole = {"DATABASE_URL": "postgres://x/y", "SUPABASE_JWT_SECRET": SECRET}
    create_app(config.read({**whole, "SUPABASE_JWT_SECRET": "", "SUPABASE_URL": "https://x.co"}))
    for missing in whole:
        rest = {name: value for name, value in whole.items() if name != missing}
        with pytest.raises(config.SettingError, match=missing):
            create_app(config.read(rest))


def test_an_unusable_setting_is_named() -> None:
    for name, value in [
        ("DATABASE_URL", "mysql://x"),
        ("DATABASE_URL", "postgres://user:p@ssW0rt@host/db"),
        ("DATABASE_URL", "postgres://user:pass/W0rt@host/db"),
        ("SUPABASE_JWT_SECRET", "short"),
        ("PORT", "http"),
        ("WEB_CONCURRENCY", "0"),
        ("SUPABASE_URL", "abc.supabase.co"),
        ("SUPABASE_URL", "https://abc.supabase.co/auth/v1"),
        ("SUPABASE_URL", "https://abc.supabase.co?x=1"),
        ("DB_TRANSACTION_POOLER", "maybe"),
        ("RATELIMIT_STORAGE_URI", "localhost:6379"),
        ("CORS_ORIGINS", "app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "https://*.example.com"),
        ("LOG_LEVEL", "LOUD"),
    ]:
        with pytest.raises(config.SettingError, match=name) as told:
            config.read({name: value})
        assert "W0rt" not in str(told.value)


def test_addresses_of_every_kind_are_read() -> None:
    for rest in ["h/d", "/d", "u@h/d", "u:p%40@h:1/d?a=b:c", "u:@/d?host=/tmp", "u:p@[::1]:5432/d"]:
        read = config.read({"DATABASE_URL": f"postgres://{rest}"})
        assert read["DATABASE_URL"] == f"postgresql+psycopg2://{rest}"


def test_every_way_to_write_the_database_address_works() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        read = config.read({"DATABASE_URL": f"{scheme}://u:p@h:5432/d?sslmode=require"})
        assert read["DATABASE_URL"] == "postgresql+psycopg2://u:p@h:5432/d?sslmode=require"


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for setting in config.SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        assert f"| `{setting.name}` | {default} | {setting.meaning}" in page, setting.name


def test_two_apps_live_in_one_process(app: Flask, settings: dict) -> None:
    second = create_app(settings)
    with database.database("vorex_test_second") as url:
        third = create_app({**settings, "DATABASE_URL": url.replace("://", "+psycopg2://", 1)})
        with third.app_context():
            upgrade()
        assert third.test_client().get("/readyz").status_code == 200
    assert second.test_client().get("/readyz").status_code == 200
