"""What holds the house together, and outlives people."""

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from flask import Flask

import config
from tests import postgres
from tests.factories import SECRET
from vorex_sessions import create_app
from vorex_sessions.database.migrate import upgrade
from vorex_sessions.extensions import db
from vorex_sessions.hooks.registry import Capability

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "vorex_sessions"
# A module imports from its own folder and from those before it in this list: technical folders, then
# capabilities from older to newer.
LAYERS = [
    *(
        "database_address",
        "language_tags",
        "setting_values",
        "setting",
        "outgoing_settings",
        "config",
        "required_settings",
        "logs",
        "version",
        "text",
        "skill_graph",
        "periods",
        "xapi",
        "turns",
        "current",
        "compression",
        "metrics",
        "cli_errors",
        "extensions",
    ),
    *("models", "database", "flask_config", "problems", "cursors", "hooks", "auth", "rate_limits"),
    *(
        "web",
        "sessions",
        "preferences",
        "progress",
        "trends",
        "growth",
        "languages",
        "recall",
        "skills",
        "cohorts",
        "events",
        "live",
        "insights",
        "charts",
        "overview",
        "page",
        "sharing",
        "privacy",
        "founding",
        "imports",
    ),
    *("operations", "capabilities", "demo", "cli", "", "local"),
]
CURE = (
    "imports point downward, from newer to older. Move what both need to a lower folder, or let the newer "
    "capability offer it through hooks/ (docs/development.md, Layers)"
)
TOP_LEVEL = {
    *("config", "database_address", "language_tags", "logs"),
    *("outgoing_settings", "required_settings", "setting", "setting_values"),
}
LOCAL = "local"  # what only `make run` and the tests use
MODULES = sorted(PACKAGE.rglob("*.py"))
CAPABILITIES: dict[str, Capability] = {
    path.parent.name: import_module(f"vorex_sessions.{path.parent.name}").CAPABILITY
    for path in sorted(PACKAGE.glob("*/routes.py"))
}
# Who may name a table beside its owner, and for what.
SHARED = {
    (
        "hooks",
        "learner_preferences",
    ): "every day of every answer begins by it (hooks/learner_days.py)",
    ("hooks", "session_results"): "a rebuild reads all sessions",
    ("hooks", "learner_totals"): "its derived_version is about all projections (hooks/rebuild.py)",
    ("database", "learner_totals"): "the learner's lock is taken where they are (locks.py)",
    ("hooks", "learner_versions"): "every write of a learner raises it (hooks/versions.py)",
    ("hooks", "events"): "every change of a learner writes them (hooks/events.py)",
    ("hooks", "event_queues"): "with those who wait for them",
    ("hooks", "erased_learners"): "what a restored backup brought back is erased again",
}


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
            below = [f"{node.module}.{alias.name}" for alias in node.names]
            are_modules = [
                name
                for name in below
                if (ROOT / name.replace(".", "/")).with_suffix(".py").exists()
            ]
            are_packages = [
                name for name in below if (ROOT / name.replace(".", "/") / "__init__.py").exists()
            ]
            found += [*are_modules, *are_packages] or [node.module]
    return [name for name in found if name in TOP_LEVEL or name.startswith("vorex_sessions")]


def module_of(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def test_every_folder_has_its_place() -> None:
    unplaced = {layer(module_of(path)) for path in MODULES} - set(LAYERS)
    assert not unplaced, (
        f"add to LAYERS in tests/test_structure.py, after what they import: {unplaced}"
    )


def test_imports_point_downward() -> None:
    wrong = [
        f"{module_of(path)} imports {name}"
        for path in MODULES
        for name in imports(path)
        if layer(name) != layer(module_of(path))
        and LAYERS.index(layer(name)) > LAYERS.index(layer(module_of(path)))
    ]
    assert not wrong, f"{CURE}: {wrong}"


def test_modules_do_not_import_each_other_in_a_circle() -> None:
    graph = {module_of(path): set(imports(path)) for path in MODULES}
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, f"a circle; move what both need to a third module: {trail}"
        for name in graph.get(module, set()) - done - {module}:
            visit(name, (*trail, module))
        done.add(module)

    for module in graph:
        visit(module, ())


def names(tree: ast.AST) -> Iterator[str]:
    """What is taken from `models`, and the words of SQL in texts; docstrings are neither."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "vorex_sessions.models":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) == "models":
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.search(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|JOIN)\b", node.value):
                yield from re.findall(r"\w+", node.value)


def without_docstrings(path: Path) -> ast.AST:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(
            node
        ):
            node.body = node.body[1:]
    return tree


def owners() -> dict[str, str]:
    return {
        table.name: folder
        for folder, capability in CAPABILITIES.items()
        for table in (*capability.learner_tables, *capability.other_tables)
    }


def test_every_table_has_one_owner() -> None:
    tables = [
        table.name
        for capability in CAPABILITIES.values()
        for table in (*capability.learner_tables, *capability.other_tables)
    ]
    assert sorted(tables) == sorted(db.metadata.tables), (
        "list each table once, in `learner_tables` or `other_tables` of the Capability that keeps it"
    )


def test_only_its_owner_names_a_table() -> None:
    """The record itself, session_results, is there for every newer capability to read."""
    wrong = []
    for path in MODULES:
        folder = layer(module_of(path))
        for name in set(names(without_docstrings(path))) & owners().keys():
            reads = name == "session_results" and folder in CAPABILITIES
            if (
                folder not in ("models", owners()[name])
                and not reads
                and (folder, name) not in SHARED
            ):
                wrong.append(f"{module_of(path)} names {name}, which {owners()[name]} owns")
    assert not wrong, f"ask the owner: import a query or an expression from its folder: {wrong}"


def test_only_sessions_writes_the_record() -> None:
    written = r"session_results\.(insert|update|delete)\(|(insert|delete|update)\(session_results"
    in_text = r"(INSERT INTO|UPDATE|DELETE FROM) session_results"
    wrong = [
        module_of(path)
        for path in MODULES
        if layer(module_of(path)) != "sessions"
        and re.search(f"{written}|{in_text}", path.read_text())
    ]
    assert not wrong, f"call a command of sessions/ instead: {wrong}"


def test_there_are_two_ways_to_the_database() -> None:
    """`db.session` commits what is then rolled back, and waits without a deadline."""
    forbidden = re.compile(r"\bdb\.session\b|\bengine\.(connect|begin|raw_connection)\(")
    wrong = [
        f"{module_of(path)}: {found[0]}"
        for path in MODULES
        if layer(module_of(path)) != "database"
        and (found := forbidden.search(ast.unparse(without_docstrings(path))))
    ]
    assert not wrong, (
        "use database.queries.run for one statement, database.transactions.run_transaction for several "
        f"(docs/development.md, How to write a query): {wrong}"
    )


def test_services_know_nothing_of_requests_schemas_and_responses() -> None:
    rooms = ("schemas", "routes", "__init__", "cli", "_field", "_fields")
    for path in MODULES:
        if path.parent.name in CAPABILITIES and not path.stem.endswith(rooms):
            tree = ast.dump(ast.parse(path.read_text()))
            assert "'marshmallow'" not in tree, path
            assert path.parent.name == "operations" or "module='flask'" not in tree, path


def test_only_routes_and_what_serves_them_know_the_request() -> None:
    for path in MODULES:
        served = layer(module_of(path)) in ("web", "operations") or path.stem == "routes"
        assert served or "vorex_sessions.web.requests" not in imports(path), path


def test_production_needs_nothing_of_what_only_development_installs() -> None:
    for path in [*MODULES, ROOT / "wsgi.py", ROOT / "config.py"]:
        is_local = layer(module_of(path)) == LOCAL if path in MODULES else False
        assert is_local or "vorex_sessions.local.embedded_postgres" not in imports(path), path


def test_modules_and_functions_stay_short() -> None:
    for path in [*MODULES, ROOT / "config.py"]:
        source = path.read_text()
        assert source.count("\n") <= 260, path
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef):
                assert node.end_lineno - node.lineno < 60, f"{path}: {node.name}"


def test_every_file_that_the_documents_name_exists() -> None:
    """Paths as they stand in documents and comments: from the root, the package or `docs/`."""
    pages = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *MODULES]
    named = {
        (page.relative_to(ROOT), path)
        for page in pages
        if page.name != "CHANGELOG.md"
        for path in re.findall(r"(?<![\w/.-])(?:\w+/)+\w+\.(?:py|toml|yml|md)\b", page.read_text())
    }
    assert len(named) > 100
    roots = (ROOT, PACKAGE, ROOT / "docs")
    missing = [
        f"{page}: {path}"
        for page, path in sorted(named)
        if not any((root / path).exists() for root in (*roots, (ROOT / page).parent))
    ]
    assert not missing, "no such file; was it renamed?"


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
        ("DATABASE_URL", "postgres://user:p@ssW0rt@one:1,two:2/db"),
        ("DATABASE_URL", "postgres://user:ssW0rt@one:1,two:x/db"),
        ("DATABASE_URL", "postgres://user:ssW0rt@one,two/db?host=three,four"),
        ("DATABASE_URL", "postgres://user:ssW0rt@/db?host=one,two&port=1"),
        ("DATABASE_URL", "postgres://user:ssW0rt@/db?host=one,two&port=1,x"),
        ("SUPABASE_JWT_SECRET", "short"),
        ("PORT", "http"),
        ("WEB_CONCURRENCY", "0"),
        ("SUPABASE_URL", "abc.supabase.co"),
        ("SUPABASE_URL", "https://abc.supabase.co/auth/v1"),
        ("SUPABASE_URL", "https://abc.supabase.co?x=1"),
        ("DB_TRANSACTION_POOLER", "maybe"),
        ("DATABASE_SCHEMA", "Vorex"),
        ("DATABASE_SCHEMA", "vorex, public"),
        ("DATABASE_SCHEMA", "pg_vorex"),
        ("RATELIMIT_STORAGE_URI", "localhost:6379"),
        ("CORS_ORIGINS", "app.example.com"),
        ("CORS_ORIGINS", "https://app.example.com/"),
        ("CORS_ORIGINS", "https://*.example.com"),
        ("XAPI_HOME_PAGE", "app.example.com"),
        ("XAPI_HOME_PAGE", "https://app.example.com/?page=1"),
        ("XAPI_HOME_PAGE", "https://app.example.com/a b"),
        ("INSIGHTS_MODEL_URL", "models.example.com"),
        ("INSIGHTS_MODEL_URL", "https://u:ssW0rt@models.example.com"),
        ("INSIGHTS_MODEL_URL", "https://models.example.com/v1/"),
        ("INSIGHTS_MODEL_FORMAT", "xml"),
        ("INSIGHTS_MODEL_TOKENS", "many"),
        ("LOG_LEVEL", "LOUD"),
        ("METRICS_TOKEN", "ssW0rt"),
        ("METRICS_TOKEN", "with a space ssW0rt"),
    ]:
        with pytest.raises(config.SettingError, match=name) as told:
            config.read({name: value})
        assert "W0rt" not in str(told.value)


def test_addresses_of_every_kind_are_read() -> None:
    for rest in ["h/d", "/d", "u@h/d", "u:p%40@h:1/d?a=b:c", "u:@/d?host=/tmp", "u:p@[::1]:5432/d"]:
        read = config.read({"DATABASE_URL": f"postgres://{rest}"})
        assert read["DATABASE_URL"] == f"postgresql+psycopg2://{rest}"


@pytest.mark.parametrize(
    ("written", "hosts", "ports"),
    [
        ("u:p@one:1,two:2/d", "one,two", "1,2"),
        ("u:p@one,two:2/d?sslmode=require", "one,two", ",2"),
        ("u:p@[::1]:1,two/d", "::1,two", "1,"),
        ("u:p,x@one:1,two:2/d", "one,two", "1,2"),
        ("u:p@/d?host=one,two&port=1,2", "one,two", "1,2"),
        ("u:p@/d?host=one,two", "one,two", ","),
        ("u:p@/d?host=one:1&host=two:2", "one,two", "1,2"),
    ],
)
def test_several_hosts_are_read_as_libpq_reads_them(written: str, hosts: str, ports: str) -> None:
    read = config.read({"DATABASE_URL": f"postgres://{written}"})
    url = sa.make_url(read["DATABASE_URL"])
    _, parameters = url.get_dialect()().create_connect_args(url)
    assert (parameters["host"], parameters["port"]) == (hosts, ports)
    assert (parameters["user"], parameters["dbname"]) == ("u", "d")


TESTS = sorted((ROOT / "tests").rglob("test_*.py"))
MEASURED = re.compile(
    r"assert .*((monotonic|perf_counter|process_time|thread_time)\(\) - \w+|elapsed.*) < "
)


def test_only_tests_that_run_alone_compare_what_they_measure_with_a_limit_at_once() -> None:
    """On a busy machine the others need another try: tests/timing.py."""
    sources = {path: path.read_text() for path in TESTS}
    beside = {path: text for path, text in sources.items() if "mark.alone" not in text}
    found = {
        (path.name, match[0], match[1])
        for path, text in beside.items()
        for match in re.finditer(rf"{MEASURED.pattern}([\d.]+)", text)
        if float(match[3]) < 5
    }
    assert not found


def test_no_module_of_tests_reads_the_clock_when_it_is_imported() -> None:
    """Midnight may pass before its tests run: tests/clock.py."""
    read = re.compile(r"^\w+ = .*(datetime\.now|date\.today|time\.time)\(", re.MULTILINE)
    modules = set((ROOT / "tests").rglob("*.py")) - {ROOT / "tests" / "clock.py"}
    assert [str(path) for path in modules if read.search(path.read_text())] == []


def test_every_way_to_write_the_database_address_works() -> None:
    for scheme in ("postgres", "postgresql", "postgresql+psycopg2"):
        read = config.read({"DATABASE_URL": f"{scheme}://u:p@h:5432/d?sslmode=require"})
        assert read["DATABASE_URL"] == "postgresql+psycopg2://u:p@h:5432/d?sslmode=require"


def test_every_setting_is_documented_with_its_default() -> None:
    page = (ROOT / "docs" / "operating.md").read_text()
    for setting in config.SETTINGS:
        default = f"`{setting.default}`" if setting.default else "none"
        assert f"| `{setting.name}` | {default} | {setting.meaning}" in page, setting.name


def test_compose_passes_every_setting_through() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    for name in ("service", "upgrade", "deliverer"):
        given = services[name]["environment"]
        passed = {entry.partition("=")[0]: "=" in entry for entry in given}
        assert set(passed) == {setting.name for setting in config.SETTINGS} - {"PORT"}
        # The address of its own database; all others come from the shell or from .env, or are unset.
        assert [setting for setting, has_value in passed.items() if has_value] == ["DATABASE_URL"]
    kept_up = ("service", "postgres", "deliverer")
    assert {services[name]["restart"] for name in kept_up} == {"unless-stopped"}
    assert services["service"]["ports"] == ["${PORT:-8000}:8000"]
    assert "?" not in str(services)  # no setting is required but those that the service asks for


def test_the_image_runs_as_a_numeric_user_and_takes_no_secrets_along() -> None:
    assert re.search(r"^USER [1-9]\d*(:\d+)?$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    left_out = (ROOT / ".dockerignore").read_text().split()
    assert {"**/.env", "**/.env.*", ".git", "instance"} <= set(left_out)


def test_two_apps_live_in_one_process(app: Flask, settings: dict) -> None:
    second = create_app(settings)
    with postgres.database("vorex_test_second") as url:
        third = create_app({**settings, "DATABASE_URL": url.replace("://", "+psycopg2://", 1)})
        with third.app_context():
            upgrade()
        assert third.test_client().get("/readyz").status_code == 200
    assert second.test_client().get("/readyz").status_code == 200
