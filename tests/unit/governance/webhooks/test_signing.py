from __future__ import annotations

import base64
import re
import time
from pathlib import Path

import pytest

from governance.webhooks import signing

HOW_TO = Path(__file__).resolve().parents[4] / "docs" / "how-to" / "receive-webhooks.md"
# The example that the libraries of Standard Webhooks test themselves with.
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
MESSAGE = "msg_p5jXN8AQM9LWM0D4loKWxJek"
SIGNED_AT = 1614265330
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_example_has_the_published_signature() -> None:
    assert signing.signature([KEY], MESSAGE, SIGNED_AT, BODY) == SIGNATURE


def test_each_live_secret_gives_a_signature_of_its_own() -> None:
    other = signing.fresh()
    first, second = signing.signature([other, KEY], MESSAGE, SIGNED_AT, BODY).split(" ")
    assert second == SIGNATURE
    assert first == signing.signature([other], MESSAGE, SIGNED_AT, BODY)
    assert first != second


def test_a_secret_is_told_in_the_form_that_receivers_read() -> None:
    secret = signing.fresh()
    assert signing.told(secret).startswith("whsec_")
    assert base64.b64decode(signing.told(secret).removeprefix("whsec_"), validate=True) == secret
    assert 24 <= len(secret) <= 64, "what the standard asks of a secret"
    assert signing.fresh() != secret


def code_of_the_how_to() -> dict:
    """Run the code that apps are told to copy, without its server."""
    text = HOW_TO.read_text(encoding="utf-8")
    told: dict = {"__name__": "copied"}
    for block in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        exec(block, told)
    return told


def test_the_code_that_apps_copy_takes_what_is_ours_and_nothing_else() -> None:
    verified = code_of_the_how_to()["verified"]
    key, now = signing.fresh(), int(time.time())
    headers = {
        "webhook-id": MESSAGE,
        "webhook-timestamp": str(now),
        "webhook-signature": signing.signature([signing.fresh(), key], MESSAGE, now, BODY),
    }
    secrets = [signing.told(signing.fresh()), signing.told(key)]
    assert verified(secrets, headers, BODY) == {"test": 2432232314}
    for changed, body, known in [
        ({}, BODY + b" ", secrets),
        ({}, BODY, secrets[:1]),
        ({"webhook-id": "another"}, BODY, secrets),
        ({"webhook-timestamp": str(now + 1)}, BODY, secrets),
        ({"webhook-signature": "v1,"}, BODY, secrets),
        ({"webhook-signature": "ünknown"}, BODY, secrets),
    ]:
        with pytest.raises(ValueError, match="fits"):
            verified(known, {**headers, **changed}, body)
    old = now - 301
    signed = signing.signature([key], MESSAGE, old, BODY)
    with pytest.raises(ValueError, match="too old"):
        verified(
            secrets,
            {**headers, "webhook-timestamp": str(old), "webhook-signature": signed},
            BODY,
        )
