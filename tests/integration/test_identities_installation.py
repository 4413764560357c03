"""A new installation, its settings and its command line."""

from __future__ import annotations

import json
import re
import stat
import tomllib

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from governance.actors import service
from governance.application import open_installation
from governance.cli import COMMANDS
from governance.cli import answerable as command
from governance.errors import Conflict, InvalidInput, NotAllowed, Unavailable
from governance.identities import keys, signing_in
from governance.identities import service as identities
from governance.installation.models import Installation
from governance.installation.service import business_settings, change_settings, create
from governance.ledger.models import Log
from governance.settings import Settings, load
from governance.storage.database import Database
from tests.accounts import entries, join

CLI = service("cli")
BUSINESS = {"business_name": "Corner & Co.", "language": "de", "time_zone": "Europe/Berlin"}


@pytest.fixture
def settings(empty_database_url, tmp_path):
    return Settings(
        home=tmp_path / "home",
        database_url=empty_database_url,
        highwater_dir=tmp_path / "highwater",
        public_url="https://decisions.corner.example:8443",
    )


def test_an_empty_database_becomes_an_installation_that_opens(settings, clock):
    create(settings, **BUSINESS, clock=clock)
    opened = open_installation(load({}, home=settings.home), clock=clock)
    try:
        assert opened.settings.public_url == "https://decisions.corner.example:8443"
        assert opened.origin == "decisions.corner.example/log"
        with opened.look(CLI) as work:
            business = business_settings(work.session)
            assert (business.business_name, business.language) == ("Corner & Co.", "de")
            assert not business.people_few
            assert work.session.execute(sa.select(Log.origin)).scalar_one() == opened.origin
        kinds = [entry["kind"] for entry in entries(opened)]
        assert kinds == [
            "log.opened",
            "installation.created",
            "log.key_added",
            "settings.changed",
        ]
    finally:
        opened.close()


def test_only_the_owner_reads_secrets_and_settings(settings):
    create(settings, **BUSINESS)
    files = [settings.home / "answerable.toml", *(settings.home / "secrets").iterdir()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o600}


def test_what_a_variable_says_is_not_written_into_the_file(settings, monkeypatch):
    monkeypatch.setenv("ANSWERABLE_DATABASE_URL", settings.database_url)
    create(settings, **BUSINESS)
    written = tomllib.loads((settings.home / "answerable.toml").read_text())
    assert set(written) == {"public_url", "highwater_dir"}


def test_a_home_that_has_an_installation_keeps_it(settings):
    create(settings, **BUSINESS)
    with pytest.raises(Conflict, match="holds an installation already"):
        create(settings, **BUSINESS)


def test_a_database_that_has_an_installation_keeps_it(settings, tmp_path):
    create(settings, **BUSINESS)
    other = Settings(home=tmp_path / "other", database_url=settings.database_url)
    with pytest.raises(Conflict, match="database holds an installation already"):
        create(other, **BUSINESS)
    assert not (other.home / "answerable.toml").exists()


def test_a_try_that_failed_can_be_repeated(settings, tmp_path):
    out_of_reach = Settings(home=settings.home, database_url=f"sqlite:///{tmp_path}/no/such.db")
    with pytest.raises((OSError, Unavailable)):
        create(out_of_reach, **BUSINESS)
    create(settings, **BUSINESS)
    database = Database(settings.database)
    with database.read() as session:
        assert session.execute(sa.select(Installation.generation)).scalar_one() >= 1
    database.dispose()


def test_settings_that_do_not_fit_are_all_told_before_anything_is_made(settings):
    with pytest.raises(InvalidInput) as refused:
        create(settings, business_name=" ", language="tlh", time_zone="Middle Earth")
    assert [problem.pointer for problem in refused.value.problems] == [
        "/business_name",
        "/language",
        "/time_zone",
    ]
    assert not settings.home.exists()


# ------------------------------------------------------------------------- business settings


def test_an_admin_changes_settings_and_the_entry_names_them_alone(answerable):
    anna = join(answerable, "Anna", "admin")
    with answerable.work(anna) as work:
        changed = change_settings(work, business_name="Corner & Daughters", language="en")
    assert changed.business_name == "Corner & Daughters"
    last = entries(answerable, "settings.changed")[-1]
    assert last["data"] == {"names": ["business_name"]}
    assert "Daughters" not in str(last)


def test_settings_that_do_not_fit_stay_as_they_are(answerable):
    anna = join(answerable, "Anna", "admin")
    with pytest.raises(InvalidInput, match="Europe/Berlin"), answerable.work(anna) as work:
        change_settings(work, business_name="New", time_zone="Nowhere")
    with answerable.look(anna) as work:
        assert business_settings(work.session).business_name == "Corner & Co."


def test_only_whoever_manages_settings_changes_them(answerable):
    ada = join(answerable, "Ada", "manager")
    with pytest.raises(NotAllowed, match="settings:manage"), answerable.work(ada) as work:
        change_settings(work, business_name="Ada's")


# ------------------------------------------------------------------------------ command line


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Return what runs a command in a home folder of its own."""
    monkeypatch.delenv("ANSWERABLE_HOME", raising=False)
    monkeypatch.setenv("TZ", "UTC")
    runner = CliRunner()

    def run(*arguments, **more):
        return runner.invoke(command, ["--home", str(tmp_path / "home"), *arguments], **more)

    return run


@pytest.fixture
def made(run):
    """Return what runs a command in a home folder that holds an installation without people."""
    assert run("init", "--yes").exit_code == 0
    return run


def test_init_makes_a_business_whose_first_admin_signs_in_by_the_link(run, tmp_path, clock):
    done = run(
        "init",
        "--yes",
        "--business",
        "Corner & Co.",
        "--public-url",
        "https://corner.example",
        "--admin-email",
        "anna@corner.example",
        "--smtp-host",
        "mail.corner.example",
    )
    assert done.exit_code == 0, done.output
    token = re.search(r"https://corner\.example/set-password/(\S+)", done.output)[1]
    settings = load({}, home=tmp_path / "home")
    assert settings.smtp_host == "mail.corner.example"
    opened = open_installation(settings)
    try:
        owner = signing_in.set_password_by_link(opened, token=token, password="a long sentence")
        assert owner.email == "anna@corner.example"
        assert (
            "admin"
            in signing_in.actor_of_session(
                opened,
                signing_in.sign_in(
                    opened, email=owner.email, password="a long sentence", address="::1"
                ).session_secret,
            ).roles
        )
    finally:
        opened.close()


def test_init_asks_for_what_is_not_given(run, tmp_path):
    answers = ["Corner & Co.", "", "de", "Europe/Berlin", "anna@corner.example", "Anna", ""]
    done = run("init", input="\n".join(answers) + "\n")
    assert done.exit_code == 0, done.output
    assert "/set-password/" in done.output
    listed = json.loads(run("user", "list", "--json").output)
    assert [(one["name"], one["language"]) for one in listed] == [("Anna", "de")]


def test_init_leaves_what_is_there_alone(made):
    again = made("init", "--yes")
    assert again.exit_code == 1
    assert re.fullmatch(r"Error: .* holds an installation already\..*\n", again.output)


def test_init_tells_of_all_mistakes(run):
    done = run("init", "--yes", "--public-url", "corner", "--smtp-port", "0")
    assert done.exit_code == 1
    assert "--public-url" in done.output
    assert "--smtp-port" in done.output


def test_people_are_added_listed_disabled_and_let_back_in(made):
    added = made(
        "user", "add", "ada@corner.example", "--name", "Ada", "--role", "manager", "--queue",
        "offers", "--expires", "2999-12-31", "--password-stdin", input="a long sentence\n",
    )  # fmt: skip
    assert added.exit_code == 0, added.output
    assert "/set-password/" not in added.output
    (ada,) = json.loads(made("user", "list", "--json").output)
    assert (ada["roles"], ada["queues"], ada["state"]) == (["manager"], ["offers"], "active")
    assert ada["expires_at"] == "2999-12-31T00:00:00Z"
    assert made("user", "disable", "ada@corner.example").exit_code == 0
    assert "disabled" in made("user", "list").output
    assert "/set-password/" in made("user", "enable", "Ada@corner.example").output
    assert "/set-password/" in made("user", "reset", "ada@corner.example").output


def test_somebody_unknown_is_one_sentence(made):
    done = made("user", "disable", "dov@corner.example")
    assert done.exit_code == 1
    assert done.output.startswith("Error: Nobody has the address dov@corner.example.")


def test_a_home_without_an_installation_is_one_sentence(run):
    done = run("user", "list")
    assert done.exit_code == 1
    assert re.fullmatch(r"Error: There is no installation in .*\n", done.output)


def test_acts_of_the_command_line_carry_the_systems_user(made, tmp_path):
    made("user", "add", "ada@corner.example")
    opened = open_installation(load({}, home=tmp_path / "home"))
    try:
        (entry,) = entries(opened, "person.added")
        assert entry["actor"] == {"type": "service", "ref": "cli"}
        assert {payload["name"] for payload in entry["payload"]} == {"actor", "person"}
    finally:
        opened.close()


def test_a_key_is_made_shown_once_and_revoked(made, tmp_path):
    created = json.loads(made("key", "create", "--app", "shop", "--json").output)
    assert set(created) == {"id", "app", "scopes", "points", "key"}
    assert created["scopes"] == ["decisions:write"]
    opened = open_installation(load({}, home=tmp_path / "home"))
    try:
        assert keys.actor_of_key(opened, created["key"]).name == "shop"
    finally:
        opened.close()
    listed = made("key", "list").output
    assert created["id"] in listed
    assert created["key"] not in listed
    assert made("key", "revoke", created["id"]).exit_code == 0
    assert "revoked" in made("key", "list").output
    assert made("key", "revoke", created["id"]).exit_code == 1


@pytest.mark.parametrize("name", ["init", "user", "key"])
def test_each_command_explains_itself_with_an_example(run, name):
    assert name in COMMANDS
    shown = run(name, "--help")
    assert shown.exit_code == 0
    if name == "init":
        assert "Example: answerable" in shown.output


@pytest.mark.parametrize("words", ["user add", "user list", "user disable", "user enable",
                                   "user reset", "key create", "key list", "key revoke"])  # fmt: skip
def test_each_verb_has_an_example(run, words):
    assert f"Example: answerable {words}" in run(*words.split(), "--help").output


def test_help_names_every_command_and_imports_none(run):
    shown = run("--help").output
    assert all(name in shown for name in COMMANDS)


def test_with_two_admins_the_command_line_asks_for_roles_that_confirm(answerable, monkeypatch):
    join(answerable, "Anna", "admin")
    join(answerable, "Ben", "admin")
    with answerable.work(CLI) as work:
        added = identities.add_person(
            work, email="dov@corner.example", name="Dov", roles=["publisher"]
        )
    assert added.person.roles == ()
    assert added.request.requested_by == "service:cli"
