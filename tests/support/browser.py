"""Chromium without a window, driven over its DevTools protocol through a pipe: no port, no network, no library."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import select
import shutil
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome")
_FLAGS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"),
    *("--disable-background-networking", "--disable-component-update", "--disable-dev-shm-usage", "--hide-scrollbars"),
    *("--disable-default-apps", "--disable-extensions", "--mute-audio", "--force-color-profile=srgb"),
    *("--font-render-hinting=none", "--allow-file-access-from-files=false", "--host-resolver-rules=MAP * ~NOTFOUND"),
    *("--remote-debugging-pipe", "--lang=en-US"),
)
_PATIENCE = 120.0  # two busy cores


def _high(descriptor: int) -> int:
    """Return the same end of a pipe under a number that Chromium's own ends do not take."""
    higher = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(descriptor)
    return higher


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    given = os.environ.get("GANZOO_CHROMIUM")
    return given or next((found for name in NAMES if (found := shutil.which(name))), None)


@dataclass
class Page:
    """A page that was opened, and what went wrong on it.

    Attributes:
        complaints: Errors of scripts, of the console and of the content security policy.
        requests: Addresses that it asked for, beyond its own and `data:`.
    """

    browser: Browser
    session: str
    target: str
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    loaded: int = 0
    address: str = ""

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, parameters, self.session)

    def run(self, script: str) -> Any:
        """Return what an expression of JavaScript is worth, promises awaited."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in found:
            raise AssertionError(json.dumps(found["exceptionDetails"])[:2000])
        return found["result"].get("value")

    def show(
        self, file: Path, *, width: int = 1000, dark: bool = False, scripts: bool = True, fragment: str = ""
    ) -> Page:
        """Open a file as wide as that, and wait until it is drawn."""
        self.complaints.clear()
        self.requests.clear()
        self.dialogs.clear()
        self.address = file.resolve().as_uri()
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.resize(width)
        self.color(dark=dark)
        before = self.loaded
        # A fragment alone would not load the page again.
        self.call("Page.navigate", url="about:blank")
        self.browser.wait(lambda: self.loaded > before)
        before = self.loaded
        self.call("Page.navigate", url=self.address + fragment)
        self.browser.wait(lambda: self.loaded > before)
        return self

    def resize(self, width: int, height: int = 900) -> None:
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def color(self, *, dark: bool) -> None:
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", media="", features=[scheme])

    def picture(self, path: Path, *, whole: bool = True) -> Path:
        """Save what is seen as PNG; the whole page, or its first window."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def printed(self, path: Path) -> Path:
        """Save the page as it prints on A4."""
        found = self.call("Page.printToPDF", paperWidth=8.27, paperHeight=11.69, printBackground=False)
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def press(self, key: str, code: int, **more: Any) -> None:
        """Press and release a key of the keyboard."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **more)

    def heard(self, method: str, found: dict[str, Any]) -> None:
        """Remember what the page did."""
        match method:
            case "Page.loadEventFired":
                self.loaded += 1
            case "Runtime.exceptionThrown":
                details = found["exceptionDetails"]
                self.complaints.append(details.get("exception", {}).get("description", details["text"]))
            case "Runtime.consoleAPICalled" if found["type"] in ("error", "warning", "assert"):
                self.complaints.append(" ".join(str(each.get("value", each)) for each in found["args"]))
            case "Log.entryAdded":
                self.complaints.append(found["entry"]["text"])
            case "Audits.issueAdded":
                self.complaints.append(json.dumps(found["issue"])[:500])
            case _:
                self._asked(method, found)

    def _asked(self, method: str, found: dict[str, Any]) -> None:
        """Remember what the page wanted of people and of networks."""
        match method:
            case "Page.javascriptDialogOpening":
                self.dialogs.append(found["message"])
                self.browser.send("Page.handleJavaScriptDialog", {"accept": False}, self.session)
            case "Network.requestWillBeSent":
                asked = found["request"]["url"]
                if not asked.startswith(("data:", "blob:", "about:")) and asked.split("#")[0] != self.address:
                    self.requests.append(asked)


class Browser:
    """A Chromium of its own folder; use it in a `with` block."""

    def __init__(self) -> None:
        program = chromium()
        assert program, "no Chromium on this machine"
        self._folder = tempfile.TemporaryDirectory(prefix="ganzoo-chromium-", ignore_cleanup_errors=True)
        theirs_in, self._to = map(_high, os.pipe())
        self._from, theirs_out = map(_high, os.pipe())
        # Chromium reads file descriptor 3 and writes 4.
        command = [program, *_FLAGS, f"--user-data-dir={self._folder.name}", "about:blank"]
        nowhere = [(os.POSIX_SPAWN_OPEN, place, os.devnull, os.O_RDWR, 0) for place in (0, 1, 2)]
        pipes = [(os.POSIX_SPAWN_DUP2, theirs_in, 3), (os.POSIX_SPAWN_DUP2, theirs_out, 4)]
        home = {**os.environ, "HOME": self._folder.name}
        self._process = os.posix_spawn(program, command, home, file_actions=[*nowhere, *pipes])
        os.close(theirs_in)
        os.close(theirs_out)
        self._rest, self._number = b"", 0
        self._answers: dict[int, dict[str, Any]] = {}
        self._pages: dict[str, Page] = {}

    def __enter__(self) -> Browser:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self.send("Browser.close", {})
        limit = time.monotonic() + 10
        while os.waitpid(self._process, os.WNOHANG)[0] == 0:
            if time.monotonic() > limit:
                os.kill(self._process, signal.SIGKILL)
            time.sleep(0.02)
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def page(self) -> Page:
        """Return a new empty page, cut off from any network."""
        target = self.call("Target.createTarget", {"url": "about:blank"})["targetId"]
        session = self.call("Target.attachToTarget", {"targetId": target, "flatten": True})["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            page.call(f"{domain}.enable")
        page.call("Network.emulateNetworkConditions", offline=True, latency=0, downloadThroughput=0, uploadThroughput=0)
        return page

    def send(self, method: str, parameters: dict[str, Any], session: str = "") -> int:
        """Send a command and return its number."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": parameters} | (
            {"sessionId": session} if session else {}
        )
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data) :]
        return self._number

    def call(self, method: str, parameters: dict[str, Any], session: str = "") -> dict[str, Any]:
        """Send a command and return its answer."""
        number = self.send(method, parameters, session)
        self.wait(lambda: number in self._answers)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise AssertionError(f"{method}: {answer['error']}")
        return answer["result"]

    def wait_for(self, done: Any) -> None:
        """Ask until something is so."""
        limit = time.monotonic() + _PATIENCE
        while not done():
            if time.monotonic() > limit:
                raise AssertionError("it never came to be so")
            time.sleep(0.05)

    def wait(self, done: Any) -> None:
        """Listen until something is so."""
        limit = time.monotonic() + _PATIENCE
        while not done():
            left = limit - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise AssertionError("Chromium does not answer")
            data = os.read(self._from, 1 << 20)
            if not data:
                raise AssertionError("Chromium ended")
            *messages, self._rest = (self._rest + data).split(b"\0")
            for message in messages:
                self._take(json.loads(message))

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            self._answers[message["id"]] = message
        elif (page := self._pages.get(message.get("sessionId", ""))) is not None:
            page.heard(message["method"], message["params"])
