"""Settings of one process, from ``answerable.toml`` and ``ANSWERABLE_*`` variables (the variable wins).

What people of the business change on the settings page is elsewhere: ``governance.installation``.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from governance.errors import SettingsInvalid


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError("expected a text that is not empty")
    return value


def _path(value: Any) -> Path:
    return Path(_text(value)).expanduser()


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    known = {
        "1": True,
        "true": True,
        "yes": True,
        "on": True,
        "0": False,
        "false": False,
        "no": False,
        "off": False,
    }
    try:
        return known[str(value).lower()]
    except KeyError:
        raise ValueError("expected true or false") from None


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def parse(value: Any) -> int:
        try:
            number = int(str(value))
        except ValueError:
            raise ValueError(f"expected a whole number from {low} to {high}") from None
        if not low <= number <= high:
            raise ValueError(f"expected a whole number from {low} to {high}")
        return number

    return parse


def _one_of(*words: str) -> Callable[[Any], str]:
    def parse(value: Any) -> str:
        if value not in words:
            raise ValueError(f"expected one of {', '.join(words)}")
        return str(value)

    return parse


def _url(value: Any) -> str:
    parts = urlsplit(_text(value))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an address like https://decisions.example.com")
    return str(value).rstrip("/")


def _database_url(value: Any) -> str:
    text = _text(value)
    if not text.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError("expected sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")
    return text


def _setting(
    default: Any, parse: Callable[[Any], Any], help_text: str, *, secret: bool = False
) -> Any:
    return field(default=default, metadata={"parse": parse, "help": help_text, "secret": secret})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """All settings with their defaults. ``None`` means: derived, as the help says."""

    home: Path = _setting(
        Path("answerable-home"), _path, "Folder of the database, the secrets and answerable.toml."
    )
    database_url: str | None = _setting(
        None,
        _database_url,
        "Where decisions are kept. Default: SQLite, answerable.db in the home folder.",
        secret=True,
    )
    fairness_database_url: str | None = _setting(
        None,
        _database_url,
        "The same PostgreSQL database as the role that reads the vault of group attributes, where background work runs apart. "
        "Default: database_url, whose role then reads the vault too.",
        secret=True,
    )
    highwater_dir: Path | None = _setting(
        None,
        _path,
        "Folder of the high-water file, outside the home folder so that an old copy of it is noticed. Default: a folder beside the home folder.",
    )
    public_url: str = _setting(
        "http://127.0.0.1:8000", _url, "The address under which people and apps reach the service."
    )
    secure_cookies: bool | None = _setting(
        None,
        _flag,
        "Send cookies over HTTPS only. Default: true when public_url starts with https.",
    )
    trusted_proxies: int = _setting(
        0, _whole(0, 5), "How many proxies in front set X-Forwarded-For and -Proto."
    )
    background: str = _setting(
        "embedded",
        _one_of("embedded", "apart"),
        "Where background work runs: in the web service, or apart in `answerable worker`.",
    )
    wait_places: int = _setting(
        8,
        _whole(0, 512),
        "How many requests of one process may wait with ?wait= at once; beyond it the answer is immediate.",
    )
    wait_longest: int = _setting(60, _whole(0, 300), "The longest ?wait= in seconds.")
    session_hours: int = _setting(12, _whole(1, 720), "How long a sign-in lasts without use.")
    threads: int = _setting(16, _whole(1, 128), "Threads of one serving process.")
    commit_queue: int = _setting(
        2048,
        _whole(16, 100_000),
        "How many decisions of one process may wait for a commit; beyond it: 503.",
    )
    log_pending_limit: int = _setting(
        50_000,
        _whole(100, 10_000_000),
        "How many entries may wait for the sequencer before new decisions are answered 503.",
    )
    log_promise: int = _setting(
        60,
        _whole(1, 86_400),
        "How many seconds after a decision its entry stands in the log at the latest, as receipts promise. The status page says when one waits longer.",
    )
    log_public: bool = _setting(
        True,
        _flag,
        "Let everybody read the log's checkpoints and hashes at /log/, which say nothing of what was recorded. Entries are for auditors alone.",
    )
    log_mirror_dir: Path | None = _setting(
        None,
        _path,
        "Folder that background work keeps a copy of the log's checkpoints and hashes in, for any web server to give out. Default: none.",
    )
    rate_limit: str = _setting(
        "off",
        _text,
        "Requests an app key may make, like 200/second, counted in each process; off: no limit.",
    )
    subject_page_days: int = _setting(
        90,
        _whole(1, 3650),
        "How many days the link to the page of the person concerned works after it was given.",
    )
    smtp_host: str | None = _setting(
        None, _text, "Mail server. Without one no mail is sent, and the status page says so."
    )
    smtp_port: int = _setting(587, _whole(1, 65_535), "Port of the mail server.")
    smtp_user: str | None = _setting(None, _text, "User at the mail server.")
    smtp_password: str | None = _setting(None, _text, "Password at the mail server.", secret=True)
    smtp_security: str = _setting(
        "starttls",
        _one_of("starttls", "tls", "none"),
        "How the connection to the mail server is secured.",
    )
    mail_from: str = _setting("answerable@localhost", _text, "The sender of mails.")
    webhook_private_targets: bool = _setting(
        False,
        _flag,
        "Send webhooks to addresses of private networks and of this machine too. Whoever manages webhooks can then make this service call what only it "
        "can reach.",
    )
    webhook_plain_http: bool = _setting(
        False, _flag, "Take webhook addresses that begin with http:// too, for development."
    )
    witness_policy: Path | None = _setting(
        None,
        _path,
        "File that names the witnesses of the log, where each is reached, and how many must have cosigned a checkpoint (C2SP tlog-policy). Default: no "
        "witness.",
    )
    witness_mode: str | None = _setting(
        None,
        _one_of("off", "best_effort", "required"),
        "off: no witness is asked. best_effort: checkpoints are given out at once, and cosignatures added as they come. required: a checkpoint is given out "
        "only when its quorum has cosigned it. Default: best_effort where witness_policy names a file, else off.",
    )
    witness_every: int = _setting(
        15, _whole(10, 60), "Seconds between two times that witnesses are asked."
    )
    anchor_every: str = _setting(
        "hourly",
        _one_of("hourly", "daily"),
        "How often the newest checkpoint is laid down at each place that an anchor setting names.",
    )
    anchor_file: Path | None = _setting(
        None,
        _path,
        "File to which checkpoints are appended, one a line, on storage that keeps what was written. Default: none.",
    )
    anchor_git: Path | None = _setting(
        None,
        _path,
        "Folder of a git repository to which checkpoints are committed. Default: none.",
    )
    anchor_timestamp_url: str | None = _setting(
        None, _url, "Address of an RFC 3161 authority that stamps checkpoints. Default: none."
    )
    anchor_timestamp_ca: Path | None = _setting(
        None,
        _path,
        "Certificates in PEM that the authority's must lead to. Needed with anchor_timestamp_url.",
    )
    log_level: str = _setting(
        "info",
        _one_of("debug", "info", "warning", "error"),
        "How much is written to standard error.",
    )

    @property
    def database(self) -> str:
        """Return the database's URL with the default filled in and the driver named."""
        url = self.database_url or f"sqlite:///{(self.home / 'answerable.db').resolve()}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def fairness_database(self) -> str | None:
        """Return the URL of the fairness role with the driver named, None where there is no such role."""
        if self.fairness_database_url is None:
            return None
        return self.fairness_database_url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def highwater(self) -> Path:
        """Return the folder of the high-water file."""
        home = self.home.resolve()
        return self.highwater_dir or home.with_name(f"{home.name}-highwater")

    @property
    def witnessing(self) -> str:
        """Return the witness mode: off, best_effort or required."""
        if self.witness_policy is None:
            return "off" if self.witness_mode is None else self.witness_mode
        return self.witness_mode or "best_effort"

    @property
    def cookies_secure(self) -> bool:
        """Tell whether cookies are for HTTPS only."""
        return (
            self.public_url.startswith("https:")
            if self.secure_cookies is None
            else self.secure_cookies
        )


def load(environment: Mapping[str, str] | None = None, *, home: Path | None = None) -> Settings:
    """Read the settings.

    Raises:
        SettingsInvalid: some are wrong or unknown; all mistakes are listed.
    """
    environment = os.environ if environment is None else environment
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {}
    problems: list[str] = []
    for_home = home or (
        Path(environment["ANSWERABLE_HOME"]).expanduser()
        if environment.get("ANSWERABLE_HOME")
        else None
    )
    file = (for_home or Settings.home) / "answerable.toml"
    raw: dict[str, tuple[str, Any]] = {}
    if file.is_file():
        try:
            document = tomllib.loads(file.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise SettingsInvalid([f"{file}: not TOML: {error}"]) from error
        raw.update({name: (f"{file}: {name}", value) for name, value in document.items()})
    for name, value in environment.items():
        if name.startswith("ANSWERABLE_") and not name.startswith(
            ("ANSWERABLE_SECRET_", "ANSWERABLE_TEST_", "ANSWERABLE_SHARED_")
        ):
            raw[name.removeprefix("ANSWERABLE_").lower()] = (name, value)
    if home is not None:
        raw["home"] = ("--home", str(home))
    for name, (where, value) in raw.items():
        if name not in known:
            problems.append(
                f"{where}: there is no such setting; expected one of {', '.join(sorted(known))}"
            )
            continue
        try:
            values[name] = known[name].metadata["parse"](value)
        except ValueError as error:
            shown = "the value given" if known[name].metadata["secret"] else repr(value)
            problems.append(f"{where}: {shown} does not fit: {error}")
    if problems:
        raise SettingsInvalid(problems)
    if "home" not in values:
        values["home"] = for_home or Settings.home
    return Settings(**values)
