/**
 * Takes a Compose project all the way: import, data, start. Compose itself does not run: a volume with
 * its name has the data. These tests do not prove that every project works.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { standIn, uniqueName } from "../support/docker.ts";
import { unwatched } from "../support/program.ts";
import { docker, TestStack } from "../support/stack.ts";

const port = 18_650;
const compose = uniqueName("import");
const old = `${compose}_uploads`;
const canary = "hunter22-in-the-compose-file";
const files = {
  "compose.yaml": `name: ${compose}
services:
  web:
    build: .
    ports: ["${port}:8000"]
    environment:
      DATABASE_URL: postgresql://papers:${canary}@db:5432/papers
      SESSION_SECRET: ${canary}
      WORKER: http://the_worker:9000
    depends_on: {db: {condition: service_healthy}}
    volumes: ["uploads:/srv/uploads"]
  the_worker:
    build: .
    command: ["/opt/venv/bin/python", "-m", "http.server", "9000", "--directory", "/etc"]
    expose: ["9000"]
  db:
    image: pgvector/pgvector:pg17
    environment: {POSTGRES_USER: papers, POSTGRES_PASSWORD: ${canary}}
volumes: {uploads: {}}
`,
  Dockerfile: `ARG PYTHON_IMAGE=python:3.13-slim
FROM \${PYTHON_IMAGE}
RUN python3 -m venv /opt/venv && /opt/venv/bin/pip install --no-cache-dir psycopg[binary]==3.2.10
COPY app.py /srv/app.py
USER 65534:65534
CMD ["/opt/venv/bin/python", "/srv/app.py"]
`,
  "app.py": `import json, os, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            database = connection.execute("SELECT current_database()").fetchone()[0]
        body = json.dumps({
            "database": database,
            "secret": os.environ["SESSION_SECRET"],
            "worker": urllib.request.urlopen(os.environ["WORKER"] + "/hostname").status,
            "upload": open("/srv/uploads/old.txt").read(),
        }).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("0.0.0.0", 8000), Handler).serve_forever()
`,
};
const folder = mkdtempSync(join(tmpdir(), "ragdock-import-"));
const stack = new TestStack("e2e-import", {});

beforeAll(async () => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const image = await standIn("postgres");
  const write = "printf 'kept from Compose' > /data/old.txt; chown -R 65534:65534 /data";
  await docker(
    "run",
    ...["--rm", "--network", "none", "--no-healthcheck", "--user", "0", "-v", `${old}:/data`],
    ...["--entrypoint", "sh", image, "-euc", write],
  );
});

afterAll(async () => {
  await stack.remove();
  await docker("volume", "rm", "-f", old);
  rmSync(folder, { recursive: true });
});

it("starts a Compose project as a stack, with its data and new passwords", async () => {
  const imported = await stack.make("import", folder);
  expect(imported.code, imported.output).toBe(0);
  expect(imported.output).toContain("Start it:");
  const text = readFileSync(join(folder, "ragdock", `Pulumi.${stack.name}.yaml`), "utf8");
  expect(text).not.toContain(canary);
  const config = parse(text).config as Record<string, Record<string, unknown>>;
  const settings = Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key.replace("ragdock:", ""), value]),
  );
  // The registry is not reached here, and the monitoring is not needed.
  stack.configure({ ...settings, images: "packages", services: { ...unwatched, ...settings.services } });
  const copied = await stack.make("import", folder, "--data");
  expect(copied.code, copied.output).toBe(0);
  expect(copied.output).toContain(`${old}: copied to ragdock-${stack.name}-uploads and compared: 1 files`);

  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  const answer = (await (await fetch(`http://127.0.0.1:${port}/`)).json()) as Record<string, unknown>;
  expect(answer).toEqual({
    database: "rag",
    secret: expect.stringMatching(/^[A-Za-z0-9]{16,}$/),
    worker: 200,
    upload: "kept from Compose",
  });
  const inspected = await docker("inspect", ...(await stack.containers()));
  expect(inspected).not.toContain(canary);
  expect(inspected).not.toContain(String(answer.secret));
  expect(await stack.unchanged()).toBe("");
});
