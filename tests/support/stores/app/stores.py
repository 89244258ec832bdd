"""Keeps one text in each store whose variables it has: PUT, GET and DELETE /<store>."""

import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import urlparse
from urllib.request import Request, urlopen

import pymysql
from minio import Minio
from minio.error import S3Error


class Objects:
    """One object in a bucket of MinIO."""

    def __init__(self) -> None:
        address = urlparse(os.environ["S3_ENDPOINT"])
        self.client = Minio(
            address.netloc, os.environ["S3_ACCESS_KEY"], os.environ["S3_SECRET_KEY"], secure=False
        )
        if not self.client.bucket_exists("texts"):
            self.client.make_bucket("texts")

    def put(self, text: str) -> None:
        data = text.encode()
        self.client.put_object("texts", "text", BytesIO(data), len(data))

    def get(self) -> str | None:
        try:
            return self.client.get_object("texts", "text").read().decode()
        except S3Error as error:
            if error.code == "NoSuchKey":
                return None
            raise

    def delete(self) -> None:
        self.client.remove_object("texts", "text")


class Rows:
    """One row in a table of MySQL."""

    def __init__(self) -> None:
        self.run("CREATE TABLE IF NOT EXISTS texts (id INT PRIMARY KEY, text TEXT)")

    def run(self, sql: str, *values: str) -> list[tuple[str]]:
        url = urlparse(os.environ["MYSQL_URL"])
        connection = pymysql.connect(
            host=url.hostname, user=url.username, password=url.password or "", database=url.path[1:]
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(sql, values)
            connection.commit()
            return list(cursor.fetchall())

    def put(self, text: str) -> None:
        self.run("REPLACE INTO texts VALUES (1, %s)", text)

    def get(self) -> str | None:
        rows = self.run("SELECT text FROM texts")
        return rows[0][0] if rows else None

    def delete(self) -> None:
        self.run("DELETE FROM texts")


class Documents:
    """One document in an index of OpenSearch."""

    def ask(self, method: str, path: str, body: object = None) -> dict[str, object]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Content-Type": "application/json"}
        request = Request(os.environ["OPENSEARCH_URL"] + path, data, headers, method=method)
        with urlopen(request, timeout=10) as answer:
            return json.load(answer)

    def put(self, text: str) -> None:
        self.ask("PUT", "/texts/_doc/1?refresh=true", {"text": text})

    def get(self) -> str | None:
        found = self.ask("POST", "/texts/_search?ignore_unavailable=true", {"query": {"match_all": {}}})
        hits = found["hits"]["hits"]
        return hits[0]["_source"]["text"] if hits else None

    def delete(self) -> None:
        self.ask("DELETE", "/texts/_doc/1?refresh=true")


kinds = {"S3_ENDPOINT": ("minio", Objects), "MYSQL_URL": ("mysql", Rows), "OPENSEARCH_URL": ("opensearch", Documents)}
stores = {name: kind() for variable, (name, kind) in kinds.items() if variable in os.environ}


class Handler(BaseHTTPRequestHandler):
    def answer(self, status: int, text: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text.encode())))
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self) -> None:
        if self.path == "/health":
            return self.answer(200)
        text = stores[self.path[1:]].get()
        return self.answer(404) if text is None else self.answer(200, text)

    def do_PUT(self) -> None:
        stores[self.path[1:]].put(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.answer(204)

    def do_DELETE(self) -> None:
        stores[self.path[1:]].delete()
        self.answer(204)


ThreadingHTTPServer(("", 8000), Handler).serve_forever()
