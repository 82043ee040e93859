"""A real browser for pages that the project writes."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from selenium import webdriver
from selenium.webdriver import Chrome
from selenium.webdriver.chrome.service import Service

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def missing_browser() -> str:
    """Why pages cannot be looked at here; nothing when they can."""
    found = {"chromium": _browser(), "chromedriver": shutil.which("chromedriver")}
    missing = [tool for tool, path in found.items() if path is None]
    return f"not installed: {', '.join(missing)}" if missing else ""


def _browser() -> str | None:
    return next(filter(None, map(shutil.which, _BROWSERS)), None)


@contextmanager
def started_browser(profile: Path) -> Iterator[Chrome]:
    """A headless Chromium that keeps a log of its console and of every request."""
    options = webdriver.ChromeOptions()
    options.binary_location = _browser() or "chromium"
    for argument in (
        "--headless",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        f"--user-data-dir={profile}",
    ):
        options.add_argument(argument)
    if os.geteuid() == 0:
        # Chromium's sandbox refuses to be started by root, which CI often is.
        options.add_argument("--no-sandbox")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver") or "chromedriver"))
    try:
        yield driver
    finally:
        driver.quit()


def resize(browser: Chrome, width: int, height: int = 800, *, dark: bool = False) -> None:
    """Show pages as on a screen of this size; a headless window cannot be as narrow as a phone."""
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [scheme]})
