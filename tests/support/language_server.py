"""Language server: a client as small as it can be, to ask an editor's server what it completes."""

from __future__ import annotations

import json
import subprocess
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

_PATIENCE_SECONDS = 120.0


class LanguageServer:
    """A server over its standard streams, in a folder that is its workspace; ended with the block.

    Args:
        command: What starts it.
        folder: The workspace.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self._folder, self._asked = folder, 0
        self._process = subprocess.Popen(
            command, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._patience = threading.Timer(_PATIENCE_SECONDS, self._process.kill)  # one that says nothing ends the test
        self._patience.start()

    def __enter__(self) -> LanguageServer:
        workspace = [{"uri": self._folder.as_uri(), "name": "project"}]
        kinds = {"completion": {"completionItem": {"snippetSupport": False}}}
        self.ask(
            "initialize",
            {"processId": None, "rootUri": workspace[0]["uri"], "workspaceFolders": workspace,
             "capabilities": {"textDocument": kinds, "workspace": {"workspaceFolders": True}}},
        )  # fmt: skip
        self._tell("initialized", {})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._patience.cancel()
        self._process.kill()
        self._process.wait()
        assert self._process.stdin and self._process.stdout
        self._process.stdin.close()
        self._process.stdout.close()

    def completed(self, path: str, text: str) -> set[str]:
        """Return the labels that are offered at the mark `|` of a file's text, which need not be on disk.

        Each question needs a path of its own: servers answer while they still read what was opened last.
        """
        uri, (before, _, after) = (self._folder / path).as_uri(), text.partition("|")
        document = {"uri": uri, "languageId": "toml", "version": 1, "text": before + after}
        self._tell("textDocument/didOpen", {"textDocument": document})
        self._wait_for("textDocument/publishDiagnostics", uri)
        lines = before.split("\n")
        position = {"line": len(lines) - 1, "character": len(lines[-1])}
        answer = self.ask("textDocument/completion", {"textDocument": {"uri": uri}, "position": position})
        items = answer.get("items", []) if isinstance(answer, dict) else answer or []
        return {item["label"] for item in items}

    def ask(self, method: str, parameters: Any) -> Any:
        """Return a request's result; what else the server says meanwhile is not listened to."""
        self._asked += 1
        self._send({"id": self._asked, "method": method, "params": parameters})
        while True:
            message = self._receive()
            if message.get("id") == self._asked and "method" not in message:
                assert "error" not in message, message
                return message["result"]
            self._answer(message)

    def _wait_for(self, method: str, uri: str) -> None:
        while True:
            message = self._receive()
            if message.get("method") == method and message["params"]["uri"] == uri:
                return
            self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        if "id" in message and "method" in message:  # a question of the server's own
            self._send({"id": message["id"], "result": None})

    def _tell(self, method: str, parameters: Any) -> None:
        self._send({"method": method, "params": parameters})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout
        length = 0
        while (line := self._process.stdout.readline().strip()) or not length:
            assert line or self._process.poll() is None, "the server ended"
            name, _, value = line.partition(b":")
            length = int(value) if name.lower() == b"content-length" else length
        message: dict[str, Any] = json.loads(self._process.stdout.read(length))
        return message
