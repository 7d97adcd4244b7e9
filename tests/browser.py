"""A real browser for the tests: Chromium without a window and without a network."""

from __future__ import annotations

import json
import os
import shlex
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from debian import SYSTEM_PATH, has_apt, install, missing
from guardian import guarded
from selenium.webdriver import Chrome, ChromeOptions, ChromeService

PACKAGES = ("chromium", "chromium-driver")
COMMANDS = ("chromium", "chromedriver")
LOCAL = ("file:", "data:", "blob:", "about:", "chrome:", "devtools:")
OPTIONS = (
    "--headless=new",
    "--no-sandbox",  # which root cannot have
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    # No name means anything, so nothing can be loaded from elsewhere.
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--window-size=1500,950",
)


@cache
def unavailable() -> str | None:
    """Say in a line why there is no browser here, or give None; installs one if it can."""
    if not missing(COMMANDS):
        return None
    if os.geteuid() != 0 or not has_apt():
        return f"{' and '.join(missing(COMMANDS))} not installed, and only root can with apt-get"
    error = install(PACKAGES)
    if error is None and missing(COMMANDS):
        error = f"{', '.join(missing(COMMANDS))} did not come with the packages"
    return error


@contextmanager
def browser(profile: Path) -> Iterator[Chrome]:
    """Run Chromium until the block ends.

    Parameters
    ----------
    profile : Path
        An empty folder for what it writes.
    """
    options = ChromeOptions()
    options.binary_location = str(shutil.which("chromium", path=SYSTEM_PATH))
    for option in (*OPTIONS, f"--user-data-dir={profile}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # Selenium starts a program without arguments of one's own.
    command = guarded(str(shutil.which("chromedriver", path=SYSTEM_PATH)))
    started = profile.with_name(f"{profile.name}_driver")
    started.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n')
    started.chmod(0o755)
    service = ChromeService(str(started))
    driver = Chrome(options, service)
    try:
        # Away from Chromium's own first page, whose requests are not of interest.
        driver.get("about:blank")
        console_errors(driver), bad_requests(driver)
        yield driver
    finally:
        driver.quit()


def console_errors(driver: Chrome) -> list[str]:
    """Give what pages have reported as errors since the last call."""
    return [entry["message"] for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]


def bad_requests(driver: Chrome) -> list[str]:
    """Give the requests since the last call that failed or were for something elsewhere."""
    urls, bad = {}, []
    for entry in driver.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        details = event["params"]
        if event["method"] == "Network.requestWillBeSent":
            url = urls[details["requestId"]] = details["request"]["url"]
            if not url.startswith(LOCAL):
                bad.append(url)
        elif event["method"] == "Network.loadingFailed":
            bad.append(f"{urls.get(details['requestId'])}: {details['errorText']}")
    return bad
