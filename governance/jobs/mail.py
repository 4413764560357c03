"""Sending mails: plain text over SMTP, by a worker and never in a request."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from audits.sentences import Sentence, sentence
from governance.errors import Failed
from governance.jobs import queue
from governance.jobs.models import Job
from governance.jobs.queue import TakenJob
from governance.settings import Settings

if TYPE_CHECKING:
    from governance.application import Answerable

#: Kinds of jobs that are mails begin so.
KIND = "mail."
#: A mail that waited longer than this, as there was no mail server, tells nothing any more.
STALE = timedelta(days=1)
_SECONDS = 20


class MailFailed(Failed):
    """The mail server could not be reached or would not take mails; the message names nobody."""


def letter(*, to: str, subject: str, text: str) -> dict[str, Any]:
    """Return what a mail's job carries; it is dropped once the mail is sent."""
    return {"to": to, "subject": subject, "text": text}


def deliver(answerable: Answerable, by: str) -> int:
    """Send the mails that are due; return how many were sent.

    Raises:
        MailFailed: the server cannot be reached or refuses; the mails are tried again later.
    """
    settings = answerable.settings
    if settings.smtp_host is None:
        return 0
    jobs = queue.take(answerable, by, kind=KIND)
    if not jobs:
        return 0
    sent: list[TakenJob] = []
    try:
        with _connection(settings) as server:
            for job in jobs:
                if _send(answerable, server, job):
                    sent.append(job)  # noqa: PERF401 -- those sent before an error count.
    except (OSError, smtplib.SMTPException) as error:
        fault = _told(error, settings)
        queue.done(answerable, sent)
        queue.fail(answerable, [job for job in jobs if job not in sent], str(fault))
        raise MailFailed(fault) from error
    queue.done(answerable, sent)
    return len(sent)


def drop_stale(answerable: Answerable) -> None:
    """Close mails that nobody sent for a day, as there is no mail server."""
    now = answerable.clock.now()
    with answerable.database.write() as session:
        session.execute(
            sa.update(Job)
            .where(
                Job.kind.startswith(KIND, autoescape=True),
                Job.done_at.is_(None),
                Job.attempts == 0,
                Job.run_at < now - STALE,
            )
            .values(done_at=now, payload={}, error="No mail server took it for a day.")
        )


@contextmanager
def _connection(settings: Settings) -> Iterator[smtplib.SMTP]:
    assert settings.smtp_host is not None
    # Naming ourselves by the sender's domain spares a look-up of this machine's name, which may take seconds.
    ourselves = _domain(settings)
    if settings.smtp_security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.smtp_host,
            settings.smtp_port,
            ourselves,
            timeout=_SECONDS,
            context=ssl.create_default_context(),
        )
    else:
        server = smtplib.SMTP(settings.smtp_host, settings.smtp_port, ourselves, timeout=_SECONDS)
    try:
        if settings.smtp_security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if settings.smtp_user is not None:
            server.login(settings.smtp_user, settings.smtp_password or "")
        yield server
    finally:
        try:
            server.quit()
        except (OSError, smtplib.SMTPException):
            server.close()


def _send(answerable: Answerable, server: smtplib.SMTP, job: TakenJob) -> bool:
    """Send one mail; return False when its receiver will never be accepted, and the job was given up."""
    message = _message(answerable.settings, job.id, job.payload, answerable.clock.now())
    try:
        server.send_message(message)
    except smtplib.SMTPRecipientsRefused as refused:
        codes = [code for code, _ in refused.recipients.values()]
        if all(500 <= code < 600 for code in codes):
            queue.give_up(answerable, [job], f"The mail server refused the receiver ({codes[0]}).")
        else:
            queue.fail(answerable, [job], f"The mail server put the receiver off ({codes[0]}).")
        return False
    return True


def _message(
    settings: Settings, job_id: str, payload: Mapping[str, Any], now: datetime
) -> EmailMessage:
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = payload["to"]
    message["Subject"] = payload["subject"]
    message["Date"] = format_datetime(now)
    # A mail that is sent twice, since a worker died in between, has one id.
    message["Message-ID"] = f"<{job_id}@{_domain(settings)}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(payload["text"])
    return message


def _domain(settings: Settings) -> str:
    return parseaddr(settings.mail_from)[1].rpartition("@")[2] or "localhost"


def _told(error: Exception, settings: Settings) -> Sentence:
    """Return what failed in a sentence without addresses of people."""
    where = f"{settings.smtp_host}:{settings.smtp_port}"
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return sentence(
            "The mail server %(where)s refused smtp_user and smtp_password (%(code)s).",
            where=where,
            code=str(error.smtp_code),
        )
    if isinstance(error, smtplib.SMTPResponseException):
        return sentence(
            "The mail server %(where)s answered %(code)s.", where=where, code=str(error.smtp_code)
        )
    if isinstance(error, smtplib.SMTPNotSupportedError):
        return sentence(
            "The mail server %(where)s does not offer smtp_security = %(wanted)s.",
            where=where,
            wanted=repr(settings.smtp_security),
        )
    return sentence(
        "The mail server %(where)s could not be used (%(error)s).",
        where=where,
        error=type(error).__name__,
    )
