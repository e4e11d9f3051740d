"""Fixtures for tests in a real Chromium, which must be installed: `browser` and `context`."""

import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, expect, sync_playwright

# The headless shell needs a quarter less of the processor than the whole browser without its window.
NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, NAMES)), None)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
# Milliseconds; generous, since other tests may keep the machine busy.
PATIENCE = 30_000.0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A browser per module: while Playwright runs, other tests of this process cannot run an asyncio loop."""
    assert CHROMIUM, "there is no browser: make browser"
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def context(browser) -> Iterator[BrowserContext]:
    """A browser context without stored data."""
    context = browser.new_context()
    context.set_default_timeout(PATIENCE)
    yield context
    context.close()
