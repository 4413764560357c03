"""`answerable policy`, as it is typed."""

from __future__ import annotations

import json

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from governance.cli import answerable as command
from governance.points.models import PolicyVersion
from tests.people import person
from tests.retention import POINT, POLICY


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "offer.yaml"
    path.write_text(POLICY)
    return path


def run(*arguments, **more):
    return CliRunner().invoke(command, [str(argument) for argument in arguments], **more)


def test_a_sound_policy_is_said_to_be_fine_without_any_installation(file):
    result = run("policy", "check", file)
    assert result.exit_code == 0
    assert f"{POINT} is fine; 1 test passed (sha256:" in result.stdout


def test_every_problem_is_told_with_file_line_and_column(file):
    text = POLICY.replace("then: refuse", "then: perhaps").replace("type: number", "type: money")
    file.write_text(text)
    result = run("policy", "check", file)
    assert result.exit_code == 1
    for wrong in ("then: perhaps", "money"):
        line = 1 + next(i for i, line in enumerate(text.splitlines()) if wrong in line)
        assert f"{file}:{line}:" in result.stdout
    assert "Traceback" not in result.output


def test_a_policy_whose_own_test_fails_is_not_fine(file):
    file.write_text(POLICY.replace("disposition: review", "disposition: release"))
    result = run("policy", "check", "--json", file)
    assert result.exit_code == 1
    (told,) = json.loads(result.stdout)
    assert told["ok"] is False
    assert [test["passed"] for test in told["tests"]] == [False]
    assert "expected release; got review" in told["tests"][0]["detail"]


def test_one_bad_file_of_several_fails_them_all_and_each_is_told(file, tmp_path):
    bad = tmp_path / "bad.yaml"
    bad.write_text("- no\n- policy\n")
    result = run("policy", "check", file, bad)
    assert result.exit_code == 1
    assert "is fine" in result.stdout
    assert f"{bad}:1:" in result.stdout


def test_a_file_that_is_no_text_is_one_clear_sentence(tmp_path):
    path = tmp_path / "picture.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    result = run("policy", "check", path)
    assert result.exit_code == 1
    assert "is not UTF-8 text" in result.stderr
    assert "Traceback" not in result.output


def test_without_people_a_policy_is_published_at_once_and_with_people_it_waits(answerable, file):
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": answerable.settings.database_url or "",
    }
    result = run("policy", "publish", "--json", file, env=environment)
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout)["state"] == "live"
    person(answerable, "Pia")
    file.write_text(POLICY.replace("0.80", "0.70"))
    result = run("policy", "publish", file, "--reason", "Fewer cases", env=environment)
    assert result.exit_code == 0, result.output
    assert "must confirm the request" in result.stdout
    with answerable.database.read() as session:
        rows = session.execute(sa.select(PolicyVersion).order_by(PolicyVersion.version)).scalars()
        assert [row.status for row in rows] == ["published", "draft"]


def test_a_policy_that_does_not_fit_is_not_published(answerable, file):
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": answerable.settings.database_url or "",
    }
    file.write_text(POLICY.replace("kind: personalization", "kind: magic"))
    result = run("policy", "publish", file, env=environment)
    assert result.exit_code == 1
    assert f"{file}:2:" in result.stderr
    assert "nothing was stored" in result.stderr
    with answerable.database.read() as session:
        assert session.execute(sa.select(PolicyVersion)).first() is None
