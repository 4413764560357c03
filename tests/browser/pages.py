"""Hands and eyes on a page that every browser test needs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from axe_playwright_python.sync_playwright import Axe

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def follow(where: Locator) -> None:
    """Click what leads to another page or sends a form; what comes is read only once it is there, however busy the machine is."""
    with where.page.expect_navigation():
        where.click()


def press(page: Page, name: str) -> None:
    """Press the button of this name, which sends a form."""
    follow(page.get_by_role("button", name=re.compile(f"^{name}")))


def notices(page: Page) -> str:
    """What the page tells of what was just done."""
    return "\n".join(page.locator(".notices").all_inner_texts())


def violations(page: Page) -> list[tuple[str, list[object]]]:
    """What axe finds in the way of anybody, and where."""
    found = Axe().run(page).response["violations"]
    return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found]
