"""On PostgreSQL the role that serves fills the vault and cannot read it; another one folds counts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.engine import make_url

from governance.actors import service
from governance.application import Answerable, open_installation
from governance.cli import answerable as command
from governance.counting import folding, reading
from governance.decisions import service as decisions
from governance.decisions.preparing import Asked
from governance.errors import Unavailable
from governance.operations.verifying import verify
from governance.subjects.models import VaultRow
from tests.people import app, publish
from tests.retention import POINT, POLICY, request, unsure


@pytest.fixture
def by_roles(answerable: Answerable, tmp_path: Path) -> Iterator[Answerable]:
    """The same installation as it is served where two roles are set."""
    if answerable.database.is_sqlite:
        pytest.skip("SQLite knows no roles.")
    publish(answerable, POLICY)
    url = make_url(answerable.settings.database)
    suffix = str(url.database)[-12:]
    names = {"serving": f"serving_{suffix}", "fairness": f"fairness_{suffix}"}
    with psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        for name in names.values():
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD 'secret'")
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
    }
    ran = CliRunner().invoke(
        command,
        ["db", "roles", "--serving", names["serving"], "--fairness", names["fairness"]],
        env=environment,
    )
    assert ran.exit_code == 0, ran.output
    told = {
        role: url.set(username=name, password="secret").render_as_string(hide_password=False)
        for role, name in names.items()
    }
    settings = replace(
        answerable.settings,
        database_url=told["serving"],
        fairness_database_url=told["fairness"],
    )
    opened = open_installation(settings, clock=answerable.clock)
    yield opened
    opened.close()
    with psycopg.connect(
        url.set(drivername="postgresql").render_as_string(hide_password=False), autocommit=True
    ) as connection:
        for name in names.values():
            connection.execute(f"DROP OWNED BY {name}")
            connection.execute(f"DROP ROLE {name}")


def test_the_serving_role_stores_groups_and_cannot_read_them(by_roles: Answerable) -> None:
    shop = app(by_roles)
    released = decisions.ask(by_roles, shop, Asked(request=request()))
    decisions.ask(by_roles, shop, Asked(request=unsure()))
    for act in (
        sa.select(VaultRow.ciphertext),
        sa.update(VaultRow).values(ciphertext=b""),
        sa.delete(VaultRow),
    ):
        with (
            pytest.raises(Unavailable, match="fairness_database_url"),
            by_roles.work(service("tests")) as work,
        ):
            work.session.execute(act.execution_options(synchronize_session=False))
    assert folding.fold(by_roles) == 2
    with by_roles.look(service("tests")) as work:
        found = reading.counts(work, POINT)
    assert {cell.group for cell in found.cells} == {(("age_band", "60+"), ("gender", "female"))}
    with by_roles.look(shop) as work:
        assert decisions.get(work, str(released.id)).features is not None
    assert not [one for one in verify(by_roles).findings if one.decision_id is not None]


def test_a_process_with_the_serving_role_alone_says_what_folding_needs(
    by_roles: Answerable,
) -> None:
    app_ = app(by_roles)
    decisions.ask(by_roles, app_, Asked(request=request()))
    alone = open_installation(
        replace(by_roles.settings, fairness_database_url=None), clock=by_roles.clock
    )
    with pytest.raises(Unavailable, match="fairness_database_url"):
        folding.fold(alone)
    alone.close()
    assert folding.fold(by_roles) == 1, "nothing was lost"


def test_roles_are_refused_where_nothing_can_be_kept_from_them(answerable: Answerable) -> None:
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
    }

    def run(serving: str, fairness: str) -> str:
        ran = CliRunner().invoke(
            command, ["db", "roles", "--serving", serving, "--fairness", fairness], env=environment
        )
        assert ran.exit_code == 1
        return ran.output

    if answerable.database.is_sqlite:
        assert "SQLite knows no roles" in run("a", "b")
        return
    assert "Name two roles" in run("a", "a")
    assert "There is no role 'nobody'" in run("nobody", "b")
    owner = str(make_url(answerable.settings.database).username)
    assert "owns the tables or is a superuser" in run(owner, "b")
