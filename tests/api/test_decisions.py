from __future__ import annotations
def test_try(served):
    answer = served.ask()
    print(answer.text)
    assert answer.status_code == 201
