from __future__ import annotations

import socket
from dataclasses import replace

import pytest
import sqlalchemy as sa
from aiosmtpd.controller import Controller

from governance.actors import service
from governance.jobs import mail, queue
from governance.jobs.models import Job


class Postbox:
    """A mail server's memory; it refuses receivers at ``nowhere.example``."""

    def __init__(self):
        self.envelopes = []

    async def handle_RCPT(self, server, session, envelope, address, options):  # noqa: N802 -- aiosmtpd's name.
        if address.endswith("nowhere.example"):
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 -- aiosmtpd's name.
        self.envelopes.append(envelope)
        return "250 OK"


@pytest.fixture
def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def postbox(answerable, free_port):
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port)
    answerable.settings = replace(
        answerable.settings,
        smtp_host="127.0.0.1",
        smtp_port=free_port,
        smtp_security="none",
        mail_from="Answerable <decisions@corner.example>",
    )
    controller.start()
    yield box
    controller.stop()


def owe(answerable, to="ada@corner.example", key="ada/10"):
    with answerable.work(service("worker")) as work:
        return queue.add(
            work,
            kind="mail.cases_wait",
            unique_key=key,
            payload=mail.letter(to=to, subject="Fälle warten", text="2 Fälle warten.\n"),
        )


def jobs(answerable):
    with answerable.database.read() as session:
        return list(session.execute(sa.select(Job).order_by(Job.id)).scalars())


def test_a_mail_arrives_once_and_its_address_is_not_kept(answerable, postbox):
    owe(answerable)
    assert mail.deliver(answerable, "worker-1") == 1
    assert mail.deliver(answerable, "worker-1") == 0
    (envelope,) = postbox.envelopes
    assert envelope.rcpt_tos == ["ada@corner.example"]
    assert envelope.mail_from == "decisions@corner.example"
    assert b"2 F=C3=A4lle warten." in envelope.content or "2 Fälle".encode() in envelope.content
    (job,) = jobs(answerable)
    assert job.done_at is not None
    assert "ada" not in str(job.payload)


def test_the_same_mail_is_owed_once(answerable):
    assert owe(answerable)
    assert not owe(answerable)
    assert len(jobs(answerable)) == 1


def test_a_server_that_is_down_is_tried_again_later_and_later(answerable, clock, free_port):
    answerable.settings = replace(
        answerable.settings, smtp_host="127.0.0.1", smtp_port=free_port, smtp_security="none"
    )
    owe(answerable)
    pauses = []
    for _ in range(4):
        with pytest.raises(mail.MailFailed, match="could not be used"):
            mail.deliver(answerable, "worker-1")
        (job,) = jobs(answerable)
        pauses.append((job.run_at - clock.now()).total_seconds())
        assert mail.deliver(answerable, "worker-1") == 0, "it is not due yet"
        clock.set(job.run_at)
    assert pauses == [15, 30, 60, 120]
    for _ in range(queue.MOST_ATTEMPTS - 4):
        with pytest.raises(mail.MailFailed):
            mail.deliver(answerable, "worker-1")
        clock.advance(hours=1)
    assert jobs(answerable)[0].done_at is not None, "it was given up"


def test_a_receiver_that_is_refused_keeps_no_other_waiting(answerable, postbox):
    owe(answerable, to="gone@nowhere.example", key="gone/10")
    owe(answerable)
    assert mail.deliver(answerable, "worker-1") == 1
    assert [envelope.rcpt_tos for envelope in postbox.envelopes] == [["ada@corner.example"]]
    refused = jobs(answerable)[0]
    assert refused.done_at is not None
    assert "550" in refused.error
    assert "gone" not in refused.error


def test_a_mail_whose_worker_died_is_sent_by_another_when_the_lease_runs_out(
    answerable, postbox, clock
):
    owe(answerable)
    assert len(queue.take(answerable, "worker-1", kind=mail.KIND)) == 1
    assert mail.deliver(answerable, "worker-2") == 0
    clock.advance(minutes=2)
    assert mail.deliver(answerable, "worker-2") == 1


def test_without_a_mail_server_a_mail_is_dropped_after_a_day(answerable, clock):
    owe(answerable)
    assert mail.deliver(answerable, "worker-1") == 0
    mail.drop_stale(answerable)
    assert jobs(answerable)[0].done_at is None
    clock.advance(days=1, seconds=1)
    mail.drop_stale(answerable)
    (job,) = jobs(answerable)
    assert job.done_at is not None
    assert job.payload == {}


def test_a_wrong_password_is_told_without_naming_it(answerable, postbox):
    answerable.settings = replace(
        answerable.settings, smtp_user="decisions", smtp_password="correct horse"
    )
    owe(answerable)
    with pytest.raises(mail.MailFailed) as failed:
        mail.deliver(answerable, "worker-1")
    assert "horse" not in str(failed.value)
