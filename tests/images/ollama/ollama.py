#!/usr/bin/env python3
"""The part of Ollama's HTTP API that Ragdock uses. Pulled models are empty files, and each download
leaves a line."""

import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

MODELS = Path(os.environ.get("OLLAMA_MODELS", "/root/.ollama/models"))
REGISTRY = ("llama3.2:3b", "nomic-embed-text")
UNREACHABLE = (
    'pull model manifest: Get "https://registry.ollama.ai/v2/": dial tcp: lookup registry.ollama.ai: no such host'
)


class Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        length = int(self.headers["Content-Length"])
        body = json.loads(self.rfile.read(length))
        name = body["model"]
        if self.path == "/api/pull":
            self.pull(name)
        elif not (MODELS / name).exists():
            self.answer(404, {"error": f"model '{name}' not found"})
        elif Path("/tmp/broken").exists():
            self.answer(500, {"error": "model requires more system memory (5.9 GiB) than is available (2.0 GiB)"})
        elif self.path == "/api/show":
            self.answer(200, {"details": {"parameter_size": "3.2B"}})
        elif self.path == "/api/embed":
            self.answer(200, {"model": name, "embeddings": [[0.5, 0.25]]})
        elif body["stream"] is False and body["prompt"]:
            tokens = body["options"]["num_predict"]
            self.answer(200, {"model": name, "response": "Hi", "done": True, "eval_count": tokens})
        else:
            self.answer(400, {"error": "not asked as Ragdock asks"})

    def pull(self, name: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.end_headers()
        self.event({"status": "pulling manifest"})
        if os.environ.get("HTTPS_PROXY") == "none":
            return self.event({"error": UNREACHABLE})
        if name not in REGISTRY:
            return self.event({"error": "pull model manifest: file does not exist"})
        total = 2_019_377_376
        for step in range(1001):
            layer = {"status": "pulling dde5aa3fc5ff", "digest": "sha256:dde5aa3fc5ff", "total": total}
            self.event(layer | ({"completed": total * step // 1000} if step else {}))
        for status in ("verifying sha256 digest", "writing manifest"):
            self.event({"status": status})
        (MODELS / name).touch()
        with (MODELS.parent / "downloads").open("a") as log:
            log.write(f"{name}\n")
        self.event({"status": "success"})

    def event(self, value: dict[str, object]) -> None:
        self.wfile.write(json.dumps(value, separators=(",", ":")).encode() + b"\n")

    def answer(self, status: int, value: dict[str, object]) -> None:
        data = json.dumps(value, separators=(",", ":")).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


if __name__ == "__main__":
    if sys.argv[1:] != ["serve"]:
        sys.exit(f"unknown command {sys.argv[1:]}")
    host, port = os.environ["OLLAMA_HOST"].split(":")
    MODELS.mkdir(parents=True, exist_ok=True)
    ThreadingHTTPServer((host, int(port)), Handler).serve_forever()
