from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pyotp
import pytest

from governance.identities.service import matching_step

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 23, 10, 0, 10, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


@pytest.mark.parametrize("seconds", [-30, 0, 30])
def test_a_code_of_now_or_of_a_step_beside_it_matches(seconds):
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=seconds))
    assert matching_step(SECRET, code, None, NOW) == STEP + seconds // 30


@pytest.mark.parametrize("seconds", [-60, 60])
def test_an_older_or_newer_code_does_not(seconds):
    code = pyotp.TOTP(SECRET).at(NOW + timedelta(seconds=seconds))
    assert matching_step(SECRET, code, None, NOW) is None


def test_a_code_counts_once():
    code = pyotp.TOTP(SECRET).at(NOW)
    assert matching_step(SECRET, code, STEP - 1, NOW) == STEP
    assert matching_step(SECRET, code, STEP, NOW) is None


def test_spaces_are_forgiven_and_nothing_else():
    code = pyotp.TOTP(SECRET).at(NOW)
    assert matching_step(SECRET, f" {code[:3]} {code[3:]} ", None, NOW) == STEP
    assert matching_step(SECRET, "", None, NOW) is None
    assert matching_step(SECRET, "１２３４５６", None, NOW) is None
