"""The errors of the use cases. None knows HTTP: ``web/problems.py`` gives each its status."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from audits.sentences import Sentence, together, verbatim


class AnswerableError(Exception):
    """Something a caller did, asked or met that the service answers with a clear sentence.

    ``code`` names the kind for programs; the message says what was wrong, what was expected and what to do. ``said`` is the
    same, to be said in another language where it was given as a ``Sentence``.
    """

    code = "error"

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.detail = str(detail)
        self.said = verbatim(detail)


class Failed(Exception):
    """Something that is done in the background did not work; ``said`` is what the status page tells of it."""

    def __init__(self, said: Sentence) -> None:
        super().__init__(said)
        self.said = said


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldProblem:
    """One mistake in the input: ``pointer`` is a JSON pointer (RFC 6901) to the field."""

    pointer: str
    detail: str


class InvalidInput(AnswerableError):
    """The input does not fit; nothing was stored."""

    code = "invalid-input"

    def __init__(self, detail: str, problems: Sequence[FieldProblem] = ()) -> None:
        super().__init__(detail)
        self.problems = tuple(problems)


class NotSignedIn(AnswerableError):
    """Nobody, or nobody known, is asking."""

    code = "not-signed-in"


class TooManyTries(AnswerableError):
    """Passwords or codes were wrong too often; ``retry_after`` seconds must pass before the next try."""

    code = "too-many-tries"

    def __init__(self, detail: str, *, retry_after: int) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class NotAllowed(AnswerableError):
    """Whoever asks lacks the permission."""

    code = "not-allowed"


class NotFound(AnswerableError):
    """There is no such thing, or not for whoever asks."""

    code = "not-found"


class NotProvenYet(NotFound):
    """The entry waits for its place in the log, or for a checkpoint over it; ``retry_after`` seconds are usually enough."""

    code = "not-proven-yet"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class Conflict(AnswerableError):
    """The thing is no longer in a state that allows the act."""

    code = "conflict"


class Stale(AnswerableError):
    """The thing changed since the caller read it (If-Match did not match)."""

    code = "stale"


class Gone(AnswerableError):
    """The thing was erased."""

    code = "gone"


class Unavailable(AnswerableError):
    """The service cannot do it now; trying again later may work."""

    code = "unavailable"

    def __init__(self, detail: str, *, retry_after: int = 1) -> None:
        super().__init__(detail)
        self.retry_after = retry_after


class LogUnavailable(Unavailable):
    """The audit log cannot be written, so nothing may be decided."""

    code = "log-unavailable"


class IdempotencyConflict(Conflict):
    """The idempotency key was used with another body."""

    code = "idempotency-conflict"


class SelfConfirmation(NotAllowed):
    """Whoever asked for it may not confirm it."""

    code = "self-confirmation"


class AlreadySigned(Conflict):
    """The person has signed this case off before."""

    code = "already-signed"


class CaseClosed(Conflict):
    """The case is decided, withdrawn or has lapsed."""

    code = "case-closed"


class ClaimedByAnother(Conflict):
    """Somebody else holds the case."""

    code = "claimed-by-another"


class NotClaimed(Conflict):
    """The case must be claimed before it is decided."""

    code = "not-claimed"


class UndoPassed(Conflict):
    """The time to take the verdict back has passed."""

    code = "undo-passed"


class SettingsInvalid(AnswerableError):
    """The settings hold mistakes; all are listed, each with its fix."""

    code = "settings-invalid"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(together(*map(verbatim, problems), between="\n"))
        self.problems = tuple(map(str, problems))


class WrongInstallation(AnswerableError):
    """This process's schema or secrets are not those of the database."""

    code = "wrong-installation"
