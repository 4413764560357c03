"""`answerable import decisions`: the past comes in as it was, and what does not fit is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from governance.actors import service as service_actor
from governance.application import Answerable
from governance.cli import answerable as command
from governance.decisions import service
from tests.people import publish
from tests.retention import POINT, POLICY, body

CSV = """\
customer,gender,tenure_months,monthly_charges,contract,offered,occurred_at,proposal.outcome,proposal.confidence,shoe size
c-1,female,3,89.5,one-year,offer_discount,2026-10-01T08:00:00Z,offer_discount,0.9,38
c-2,male,many,10,one-year,no_offer,2026-10-01T08:00:00Z,no_offer,0.9,44
c-3,male,7,10,one-year,a yacht,2026-10-01T08:00:00Z,no_offer,0.9,44
"""


def _run(answerable: Answerable, *arguments: str) -> Result:
    environment = {
        "ANSWERABLE_HOME": str(answerable.settings.home),
        "ANSWERABLE_DATABASE_URL": str(answerable.settings.database_url),
        "ANSWERABLE_HIGHWATER_DIR": str(answerable.settings.highwater_dir),
    }
    return CliRunner().invoke(command, ["import", "decisions", *arguments], env=environment)


@pytest.mark.parametrize("dry", [True, False])
def test_a_csv_is_imported_by_its_map_and_bad_lines_are_named(
    answerable: Answerable, tmp_path: Path, dry: bool
) -> None:
    publish(answerable, POLICY)
    file = tmp_path / "october.csv"
    file.write_text(CSV)
    maps = ["--map", "customer=subject.ref", "--map", "offered=outcome"]
    ran = _run(answerable, str(file), "--point", POINT, *maps, *(["--dry-run"] if dry else []))
    assert ran.exit_code == 1
    assert "october.csv:3: features.tenure_months: 'many' cannot be read" in ran.stderr
    assert "october.csv:4: /outcome: Expected one of" in ran.stderr
    with answerable.look(service_actor("tests")) as work:
        found = service.search(work, subject_ref="c-1").decisions
        assert [(view.outcome, view.imported) for view in found] == (
            [] if dry else [("offer_discount", True)]
        )


def test_ndjson_is_imported_as_requests_with_their_outcome(
    answerable: Answerable, tmp_path: Path
) -> None:
    publish(answerable, POLICY)
    file = tmp_path / "october.ndjson"
    past = body(occurred_at="2026-10-01T08:00:00Z", outcome="no_offer", verdict="reject")
    file.write_text("\n".join([json.dumps(past), "{", json.dumps({**past, "colour": 1}), ""]))
    ran = _run(answerable, str(file), "--point", POINT, "--json")
    told = json.loads(ran.stdout)
    assert told["imported"] == 1
    assert [line["line"] for line in told["refused"]] == [2, 3]


def test_a_map_of_a_column_that_is_not_there_is_refused(
    answerable: Answerable, tmp_path: Path
) -> None:
    publish(answerable, POLICY)
    file = tmp_path / "october.csv"
    file.write_text(CSV)
    ran = _run(answerable, str(file), "--point", POINT, "--map", "client=subject.ref")
    assert ran.exit_code == 1
    assert "has no column client; its columns are customer" in ran.stderr
