"""Fixtures that every test may use: real servers, fresh databases, a real browser.

    def test_it(server): url = server("postgresql")          # one per test session, shared
    def test_it(database): url = database("mariadb")         # empty, dropped after the test; also "sqlite"
    def test_it(page): page.goto("http://127.0.0.1:8000")    # a new browser context for each test

`KIT_TEST_POSTGRESQL=URL` (…_MARIADB, …_MONGODB, …_REDIS) uses that server instead of a throw-away one. What is missing
on a user's machine skips its tests and says how to get it; where `CI` is set, it fails them.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

from tests import alone
from tests.servers import SERVERS, Missing, create_database, drop_database

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

# No connection leaves this machine, and no page is fetched but those a test serves on 127.0.0.1.
CHROMIUM = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-domain-reliability",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only", metavar="PACKAGE", help="make the other packages of kit unimportable (tests/alone.py)")


def pytest_configure(config: pytest.Config) -> None:
    if package := config.getoption("--only"):
        try:
            alone.only(package)
        except ValueError as error:
            raise pytest.UsageError(str(error)) from None


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    package = config.getoption("--only")
    ours = package and collection_path.suffix == ".py"
    return True if ours and alone.together(collection_path, package) else None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Where `CI` is set, a skip that tells what to install is a failure, in whatever way it came about."""
    report = yield
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else ""
    if os.environ.get("CI") and report.skipped and "install" in reason:
        report.outcome, report.longrepr = "failed", reason
    return report


def missing(cure: object) -> NoReturn:
    """Skip the test, or fail it where `CI` is set: there, everything must be installed."""
    if os.environ.get("CI"):
        pytest.fail(str(cure), pytrace=False)
    pytest.skip(str(cure))


@pytest.fixture(scope="session")
def server() -> Iterator[Callable[[str], str]]:
    """`server("postgresql" | "mariadb" | "mongodb" | "redis")` -> URL; started at its first use."""
    urls: dict[str, str] = {}
    absent: dict[str, Missing] = {}
    with contextlib.ExitStack() as running:

        def start(name: str) -> str:
            if name not in urls and name not in absent:
                given = os.environ.get(f"KIT_TEST_{name.upper()}")
                try:
                    urls[name] = given or running.enter_context(SERVERS[name]())
                except Missing as error:
                    absent[name] = error
            if name in absent:
                missing(absent[name])
            return urls[name]

        yield start


@pytest.fixture
def database(server: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """`database("sqlite" | "postgresql" | "mariadb" | "mongodb")` -> URL of an empty database of this test's own."""
    with contextlib.ExitStack() as made:

        def fresh(name: str) -> str:
            called = f"kit_{secrets.token_hex(6)}"
            if name == "sqlite":
                return f"sqlite:///{tmp_path / called}.sqlite"
            url = server(name)
            if name == "mongodb":
                url = url.rpartition("/")[0] + "/" + called
            else:
                url = create_database(url, called)
            made.callback(drop_database, url)
            return url

        yield fresh


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A headless Chromium, driven by Playwright; it reaches 127.0.0.1 alone (not `localhost`)."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    path = os.environ.get("KIT_TEST_CHROMIUM") or next(filter(None, map(shutil.which, names)), None)
    if path is None:
        missing("no Chromium: apt-get install chromium, or set KIT_TEST_CHROMIUM to its path")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=CHROMIUM)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser context of its own: no cookie, no cache, no script error unseen."""
    context = browser.new_context()
    opened = context.new_page()
    errors: list[str] = []
    opened.on("pageerror", lambda error: errors.append(str(error)))
    yield opened
    context.close()
    assert not errors, f"scripts of the page failed: {errors}"
