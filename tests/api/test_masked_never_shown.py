"""What a policy masks, and what gives it away, comes out of no door to whoever has not revealed it: pages, JSON, exports, mails, webhooks."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa

from governance.actors import service
from governance.jobs.models import Job
from governance.ledger.sequencing import drain
from governance.reviews import notices
from governance.webhooks import service as webhooks
from governance.webhooks.models import WebhookDelivery
from tests.api.conftest import PASSWORD, POLICY
from tests.api.test_groups_never_leave import paths_of, signed_in
from tests.conftest import MOSTLY_SQLITE
from tests.people import publish

#: Words of the person concerned, where they live, and what they say is wrong of it; nobody who judges needs any of them.
MASKED, PROXY, CORRECTED, TOLD = (
    "canary-nakamura",
    "canary-lane",
    "canary-street",
    "canary-metadata",
)
CANARY = "canary"
#: By pages of policies everybody may read which facts are masked, but never what they are.
MASKING = POLICY.replace(
    "  message: {type: string, required: false, label",
    "  street: {type: string, required: false, proxy: true, label: {en: Street}}\n"
    "  message: {type: string, required: false, mask: true, label",
)


@pytest.fixture
def known(served) -> dict[str, str]:
    """Let one decision wait with canaries in it, and one be objected to with more; return what stands in addresses."""
    publish(served.answerable, MASKING)
    served.answerable.configuration.reload()
    with served.answerable.work(service("cli")) as work:
        webhooks.create_webhook(work, app="crm", url="https://app.example.com/hooks")
    features = {
        "tenure_months": 3,
        "monthly_charges": 89.5,
        "contract": "month-to-month",
        "message": MASKED,
        "street": PROXY,
    }
    proposal = {
        "outcome": "offer_discount",
        "confidence": 0.5,
        "reasons": [
            {"feature": "street", "contribution": -0.9},
            {"feature": "message", "contribution": 0.3},
            {"feature": "tenure_months", "contribution": 0.2},
        ],
    }
    told = {"features": features, "proposal": proposal, "metadata": {"customer": TOLD}}
    waiting = served.ask(**told)
    asked = served.call("crm", "GET", f"/decisions/{waiting.json['id']}").json
    case = served.call("Ada", "POST", f"/cases/{asked['case']}/claim", headers=etag(served, asked))
    assert case.status_code == 200, case.text
    question = served.call(
        "Ada",
        "POST",
        f"/cases/{asked['case']}/question",
        json={"words": "Where?"},
        headers=etag(served, asked),
    )
    assert question.status_code == 200, question.text
    open_question = served.call("crm", "GET", f"/decisions/{waiting.json['id']}").json["question"]
    answer = {"question": open_question["id"], "facts": {"street": PROXY, "orders": 12}}
    address = f"/cases/{asked['case']}/information"
    assert served.call("crm", "POST", address, json=answer).status_code == 204
    released = served.ask(**told | {"proposal": proposal | {"confidence": 0.95}})
    appeal = {"words": "Look again.", "corrections": {"street": CORRECTED, "tenure_months": 36}}
    appealed = served.call("crm", "POST", f"/decisions/{released.json['id']}/appeals", json=appeal)
    assert appealed.status_code == 201, appealed.text
    drain(served.answerable)
    return {
        "decision_id": waiting.json["id"],
        "case_id": asked["case"],
        "entry_id": waiting.json["id"],
        "appealed": released.json["id"],
        "appeal_case": appealed.json["case"],
        "point": "retention-offer",
        "version": "2",
        "name": "sales-managers",
        "code": "invalid-input",
        "person_id": served.people["Ada"],
    }


def etag(served, asked) -> dict[str, str]:
    case = served.call("Ada", "GET", f"/cases/{asked['case']}")
    return {"If-Match": case.headers["ETag"]}


@MOSTLY_SQLITE
def test_no_door_shows_a_manager_what_is_masked_or_gives_it_away(served, known) -> None:
    app = served.client.application
    objected = known | {"decision_id": known["appealed"], "case_id": known["appeal_case"]}
    looked = 0
    who = "Ada"
    bearer = {"Authorization": f"Bearer {served.secrets[who]}"}
    window = signed_in(app, f"{who.lower()}@example.com", PASSWORD)
    for client, sent in ((served.client, bearer), (window, {})):
        every = {path for _, path in paths_of(app, known)}
        for ids, paths in (
            (known, every),
            (objected, {path for _, path in paths_of(app, objected)} - every),
        ):
            for path in sorted(paths):
                answer = client.get(path, headers=sent)
                looked += answer.status_code == 200
                told = answer.get_data(as_text=True)
                assert CANARY not in told + str(answer.headers), path
                # A proxy is not named among what moved the proposal, with a sign or without.
                if ids["decision_id"] in path or ids["case_id"] in path:
                    assert not re.search(r'"feature": ?"street"', told), path
    for ids in (known, objected):
        for audience in ("subject", "reviewer"):
            path = f"/decisions/{ids['decision_id']}/explanation?audience={audience}"
            answer = served.call(who, "GET", path)
            looked += answer.status_code == 200
            assert CANARY not in answer.get_data(as_text=True), path
    found = served.call(who, "POST", "/decisions/search", json={"subject": {"ref": "cust-4711"}})
    looked += found.status_code == 200
    assert CANARY not in found.get_data(as_text=True)
    assert looked > 40, "too little was looked at"


@MOSTLY_SQLITE
def test_no_export_mail_or_webhook_holds_what_is_masked_whoever_gets_it(served, known) -> None:
    for who in ("Ada", "Cleo"):
        for form in ("csv", "ndjson"):
            answer = served.call(who, "GET", f"/ledger/export.{form}")
            assert answer.status_code == 200
            assert known["decision_id"] in answer.get_data(as_text=True)
            assert CANARY not in answer.get_data(as_text=True), (who, form)
    served.answerable.settings = replace(served.answerable.settings, smtp_host="127.0.0.1")
    assert notices.run(served.answerable) > 0
    with served.answerable.database.read() as session:
        mails = [str(job.payload) for job in session.execute(sa.select(Job)).scalars()]
        told = session.execute(sa.select(WebhookDelivery.body)).scalars().all()
    assert any("/queue" in one for one in mails)
    assert any("question.asked" in one for one in told)
    assert CANARY not in "".join([*mails, *told])


def test_the_canaries_are_there_for_whoever_may_see_them(served, known) -> None:
    for who in ("crm", "Cleo"):
        told = served.call(who, "GET", f"/decisions/{known['decision_id']}").get_data(as_text=True)
        for canary in (MASKED, PROXY, TOLD):
            assert canary in told, (who, canary)
