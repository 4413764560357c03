from __future__ import annotations

import base64

from governance.webhooks import signing

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
