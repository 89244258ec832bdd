"""Tests a real Streamlit server and its sessions. Does not prove what a browser shows."""

import asyncio
import os
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from ragkit import pages

MB = 1024 * 1024
PAGE = """
import streamlit as st
from ragkit.pages import choose_files
with st.form("upload"):
    files = choose_files()
    st.form_submit_button()
"""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "page.py").write_text(PAGE)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {
        "server.port": port,
        "server.address": "127.0.0.1",
        "server.headless": "true",
        "server.enableCORS": "false",
        "server.enableXsrfProtection": "false",
        "browser.gatherUsageStats": "false",
        "browser.serverAddress": "localhost",
    }
    flags = [f"--{name}={value}" for name, value in options.items()]
    process = subprocess.Popen(  # noqa: S603 - the arguments are constants
        [sys.executable, "-m", "ragkit.page_server", "run", *flags, str(tmp_path / "page.py")],
        env={**os.environ, "MAX_SESSION_UPLOAD_MB": "20", "HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
    )
    try:
        yield f"127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


async def ready(server: str) -> None:
    async with httpx.AsyncClient() as client:
        for _ in range(600):
            try:
                (await client.get(f"http://{server}/_stcore/health")).raise_for_status()
                return
            except httpx.HTTPError:
                await asyncio.sleep(0.1)
    raise AssertionError("the server does not start")


async def session_of(socket: websockets.ClientConnection) -> str:
    """Run the page once and return the id of the session."""
    await socket.send(BackMsg(rerun_script=ClientState()).SerializeToString())
    while True:
        message = ForwardMsg()
        message.ParseFromString(await asyncio.wait_for(socket.recv(decode=False), 30))
        if message.WhichOneof("type") == "new_session":
            return message.new_session.initialize.session_id


def test_the_files_of_a_session_and_of_all_sessions_are_limited(server: str) -> None:
    async def run() -> None:
        await ready(server)
        address = f"ws://{server}/_stcore/stream"
        async with (
            httpx.AsyncClient(base_url=f"http://{server}/_stcore/upload_file", timeout=60) as client,
            websockets.connect(address, subprotocols=["streamlit"]) as one,  # type: ignore[list-item]
            websockets.connect(address, subprotocols=["streamlit"]) as two,  # type: ignore[list-item]
            websockets.connect(address, subprotocols=["streamlit"]) as three,  # type: ignore[list-item]
        ):
            sessions = [await session_of(socket) for socket in (one, two, three)]

            async def put(session: str, name: str, size: int = 6 * MB) -> httpx.Response:
                return await client.put(f"/{session}/{name}", files={"file": ("a.md", b"x" * size)})

            # At the same time, so that files that arrive count too.
            answers = await asyncio.gather(*(put(sessions[0], f"a{number}") for number in range(10)))
            assert sorted(answer.status_code for answer in answers) == [204] * 3 + [413] * 7
            refused = next(answer for answer in answers if answer.status_code == 413)
            assert refused.text == "At most 20 MB of files at a time. Upload the chosen files first."
            for number in range(3):
                assert (await put(sessions[1], f"b{number}")).status_code == 204
            last = await put(sessions[2], "c")
            assert (last.status_code, last.text[:12]) == (413, "Other people")
            # Removing a file makes room for another one.
            taken = next(answer for answer in answers if answer.status_code == 204)
            await client.delete(f"/{sessions[0]}/{taken.request.url.path.rpartition('/')[2]}")
            assert (await put(sessions[2], "c")).status_code == 204
            unknown = await client.put("/unknown/a", files={"file": ("a.md", b"x")})
            assert unknown.status_code == 400

            assert (await client.put(f"/{sessions[2]}/d", content=without_length())).status_code == 411

    asyncio.run(run())


async def without_length() -> AsyncIterator[bytes]:
    yield b"x"


def test_each_file_is_freed_when_it_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/upload")
    records = [UploadedFileRec(str(number), f"{number}.md", "text/markdown", b"words") for number in range(3)]
    for record in records:
        manager.add_file("session", record)
    files = [UploadedFile(record, FileURLs()) for record in records]
    context = SimpleNamespace(uploaded_file_mgr=manager, session_id="session")
    monkeypatch.setattr(pages, "get_script_run_ctx", lambda: context)
    kept = []
    for file in pages.one_by_one(files):
        assert file.getvalue() == b"words"
        kept.append(len(manager.file_storage["session"]))
    assert kept == [3, 2, 1]
    assert manager.file_storage["session"] == {}
    assert all(file.closed for file in files)


@pytest.mark.parametrize("name", ["RAG_MAX_SESSION_UPLOAD_MB", "MAX_SESSION_UPLOAD_MB"])
def test_a_wrong_limit_is_reported(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ragkit.page_server", "run", "page.py"],
        env={**os.environ, name: "many"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 2
    assert re.search(f"{name}=many: must be a whole number", done.stderr)
