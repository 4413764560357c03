"""What the API does is what its OpenAPI document says, for requests that nobody thought of."""

from __future__ import annotations

import hypothesis
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from governance.permissions import ROLE_PERMISSIONS, SCOPE_PERMISSIONS, Role
from tests.conftest import FULL, paired

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ACTORS = {
    "crm": SCOPE_PERMISSIONS["decisions:write"],
    "Ada": ROLE_PERMISSIONS[Role.MANAGER],
    "Cleo": ROLE_PERMISSIONS[Role.AUDITOR],
    "Pia": ROLE_PERMISSIONS[Role.PUBLISHER],
    "Anna": ROLE_PERMISSIONS[Role.ADMIN],
}
#: What would lock the actors out of what is still to be tried.
LEFT_OUT = {"change_password", "confirm_second_factor", "remove_second_factor"}


@schemathesis.serializer("application/x-ndjson")
def as_lines(context, value) -> bytes:
    return str(value).encode("utf-8", "surrogatepass")


@paired("mode", GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
def test_every_operation_keeps_to_its_description(served, mode: GenerationMode) -> None:
    app = served.client.application
    schema = schemathesis.openapi.from_wsgi("/api/openapi.json", app)
    tried = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.definition.raw["operationId"] not in LEFT_OUT:
            tried += _try_out(served, operation, mode)
    assert tried > 100


def _try_out(served, operation, mode: GenerationMode) -> int:
    """Make requests of one operation by somebody who may, and check the answers; return how many."""
    secret = served.secrets[_who(operation.definition.raw["x-permission"])]
    tried = 0

    @hypothesis.settings(
        max_examples=100 if FULL else 4,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=[hypothesis.Phase.generate],
    )
    @hypothesis.given(case=operation.as_strategy(generation_mode=mode))
    def keeps_to_it(case: schemathesis.Case) -> None:
        nonlocal tried
        tried += 1
        case.call_and_validate(headers={"Authorization": f"Bearer {secret}"}, checks=CHECKS)

    try:
        keeps_to_it()
    except hypothesis.errors.Unsatisfiable:
        assert mode is GenerationMode.NEGATIVE, "No request fits this operation's description."
    return tried


def _who(permission: str) -> str:
    """Return somebody who has a permission."""
    return next(who for who, opened in ACTORS.items() if permission in opened)
