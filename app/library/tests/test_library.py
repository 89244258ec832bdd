"""The API of small applications, over a library in memory. Does not test any real store."""

from collections.abc import Sequence

import pytest
from fastapi.testclient import TestClient

from ragkit.api.library import Document, Source, make_app
from ragkit.api.problems import NO_FILE
from ragkit.api.uploads import Upload
from ragkit.errors import SpaceMismatch
from ragkit_testing.docs import missing_on_page


class Memory:
    def __init__(self) -> None:
        self.texts: dict[str, str] = {}
        self.broken = False

    def add(self, upload: Upload) -> tuple[Document, bool]:
        is_new = upload.name not in self.texts
        self.texts[upload.name] = upload.content.decode()
        return Document(id=upload.name, name=upload.name, chunks=1), is_new

    def documents(self) -> Sequence[Document]:
        if self.broken:
            raise SpaceMismatch("made with another model")
        return [Document(id=name, name=name, chunks=1) for name in sorted(self.texts)]

    def search(self, question: str, k: int) -> list[Source]:
        if self.broken:
            raise SpaceMismatch("made with another model")
        return [Source(document=name, chunk=0, text=text, score=1) for name, text in self.texts.items()][:k]


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def client(memory: Memory) -> TestClient:
    return TestClient(make_app("T", memory, None, max_upload_mb=1), raise_server_exceptions=False)


def test_a_stored_document_answers_a_question(client: TestClient) -> None:
    file = {"file": ("../a.md", b"# Lunch\n\nSoup.")}
    assert client.post("/documents", files=file).status_code == 201
    assert client.post("/documents", files=file).status_code == 200
    assert client.get("/documents").json() == [{"id": "a.md", "name": "a.md", "chunks": 1}]
    answer = client.post("/query", json={"question": "What is for lunch?", "k": 1}).json()
    assert "Soup." in answer["answer"]
    assert answer["sources"] == [{"document": "a.md", "chunk": 0, "text": "# Lunch\n\nSoup.", "score": 1.0}]


def test_a_question_without_matches_gets_an_answer(client: TestClient) -> None:
    answer = client.post("/query", json={"question": "What?"}).json()
    assert answer["sources"] == []
    assert "no passage" in answer["answer"]


@pytest.mark.parametrize(
    ("name", "content", "status"),
    [
        ("a.exe", b"MZ", 415),
        ("a.txt", b"", 422),
        ("a.txt", b"\xff", 422),
        ("a.txt", b"x" * 2**20 + b"x", 413),
    ],
)
def test_wrong_files_are_refused_with_a_problem(
    client: TestClient, name: str, content: bytes, status: int
) -> None:
    answer = client.post("/documents", files={"file": (name, content)})
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_file_without_a_plain_name_is_explained(client: TestClient) -> None:
    head = b"--b\r\nContent-Disposition: form-data; name=\"file\"; filename*=UTF-8''a.md\r\n\r\n"
    answers = [
        client.post(
            "/documents",
            content=head + b"words\r\n--b--\r\n",
            headers={"Content-Type": "multipart/form-data; boundary=b"},
        ),
        client.post("/documents", files={"other": ("a.md", b"words")}),
        client.post("/documents"),
    ]
    for answer in answers:
        assert answer.status_code == 422
        assert answer.json()["detail"] == f"file: {NO_FILE}"


def test_a_missing_question_is_explained(client: TestClient) -> None:
    answer = client.post("/query", json={})
    assert answer.json()["detail"] == "question: required, but the request does not have it"


@pytest.mark.parametrize("question", ["\u200b\u200b", "???", "👍"])
def test_a_question_without_words_is_refused(client: TestClient, question: str) -> None:
    answer = client.post("/query", json={"question": question})
    assert (answer.status_code, answer.json()["detail"]) == (
        422,
        "question: the question contains no letter and no digit",
    )


@pytest.mark.parametrize("body", [{}, {"question": " "}, {"question": "a", "k": 0}, {"question": "\x00"}, []])
def test_wrong_questions_are_refused_with_a_problem(client: TestClient, body: object) -> None:
    assert client.post("/query", json=body).status_code == 422


def test_a_mismatch_is_a_problem_and_the_metrics_still_work(client: TestClient, memory: Memory) -> None:
    assert "rag_index_documents 0.0" in client.get("/metrics").text
    memory.broken = True
    assert client.post("/query", json={"question": "What?"}).status_code == 409
    metrics = client.get("/metrics")
    assert metrics.status_code == 200
    assert "rag_index_documents" not in metrics.text
    assert client.get("/health").json() == {"status": "ok"}


def test_the_page_of_the_api_loads_nothing_of_other_sites(memory: Memory) -> None:
    assert missing_on_page(TestClient(make_app("test", memory, None))) == []
