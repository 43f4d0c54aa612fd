"""A real server on the loopback, and a real Chromium that looks at it."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.servers.basehttp import ThreadedWSGIServer
from django.test.testcases import LiveServerThread
from playwright.sync_api import Page, ViewportSize, expect, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Quiet: a browser that looks for updates or synchronises would leave the machine.
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SIZE = ViewportSize(width=1440, height=900)
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)


class _Server(ThreadedWSGIServer):
    """Ends after the requests that it began: none of them is still at it when a test empties the database."""

    daemon_threads = False


class _ServerThread(LiveServerThread):
    server_class = _Server


@contextmanager
def serving() -> Iterator[str]:
    """The application over HTTP in this process, on connections of its own: it sees what is committed. Gives its address."""
    server = _ServerThread("127.0.0.1", StaticFilesHandler)
    server.daemon = True
    server.start()
    server.is_ready.wait(timeout=PATIENCE_MS / 1000)
    try:
        if server.error:
            raise server.error
        yield f"http://{server.host}:{server.port}"
    finally:
        server.terminate()


@contextmanager
def browsing(address: str) -> Iterator[Page]:
    """A page of a fresh Chromium that can reach `address` and nothing else.

    While it is open this thread has an event loop, in which Django refuses to ask the database: look before or after.
    Fails at the end when a page asked for anything elsewhere, or a script of it failed.
    """
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(ARGUMENTS))
        try:
            context = browser.new_context(base_url=address, viewport=SIZE)
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.route(lambda url: not url.startswith(address), lambda route: route.abort())
            page.on("pageerror", lambda error: complaints.append(str(error)))
            page.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
            yield page
        finally:
            browser.close()
    assert not complaints, complaints


def chromium() -> str:
    """The browser to use: CHROMIUM, or the first that is found in PATH."""
    found = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        raise FileNotFoundError("No Chromium: name one in the variable CHROMIUM.")
    return found


def log_in(page: Page, username: str, password: str) -> None:
    """Log in as a person does, and wait for the front page."""
    page.goto("/admin/")
    page.fill("#id_username", username)
    page.fill("#id_password", password)
    page.click("button[type=submit]")
    page.wait_for_selector(".ce-verdict")
