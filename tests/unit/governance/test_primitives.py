"""Random bytes are given out once, and a code is the standard's."""

from __future__ import annotations

import hmac
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from governance import primitives
from governance.primitives import mac, random_bytes

EIGHT = 8


def test_bytes_are_given_out_once() -> None:
    drawn = [random_bytes(EIGHT) for _ in range(3000)]

    assert {len(one) for one in drawn} == {EIGHT}
    assert len(set(drawn)) == len(drawn)


def test_no_two_threads_give_out_of_one_stock() -> None:
    here = threading.Barrier(4, timeout=20)

    def stock() -> bytes:
        here.wait()
        random_bytes(EIGHT)
        here.wait()
        return primitives._drawn.left

    with ThreadPoolExecutor(4) as pool:
        stocks = [one.result() for one in [pool.submit(stock) for _ in range(4)]]

    assert len(set(stocks)) == 4


def test_more_than_is_drawn_at_once_is_as_long_as_asked() -> None:
    assert len(random_bytes(10_000)) == 10_000
    assert random_bytes(0) == b""


def test_a_child_process_gets_other_bytes_than_its_parent() -> None:
    program = (
        "import os, sys\n"
        "from governance.primitives import random_bytes\n"
        "random_bytes(8)\n"
        "child = os.fork()\n"
        "os.write(1, random_bytes(8).hex().encode() + b'\\n')\n"
        "child and os.waitpid(child, 0)\n"
    )
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    ).stdout.split()

    assert len(said) == 2
    assert len(set(said)) == 2


def test_a_code_is_that_of_rfc_4231() -> None:
    # Test case 2 of RFC 4231, section 4.3.
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"

    assert mac(b"Jefe", b"what do ya want for nothing?").hex() == expected
    assert mac(b"k" * 32, b"\x00\xff") == hmac.digest(b"k" * 32, b"\x00\xff", "sha256")
