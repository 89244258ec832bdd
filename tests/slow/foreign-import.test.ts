/**
 * Imports a Compose project with MinIO and MySQL, and starts it on the stores of the stack, which run
 * real servers: tests/slow/foreign-stores.test.ts says what these are, and what they do not prove.
 */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { unwatched } from "../support/program.ts";
import { type RegistrySettings, TestRegistry } from "../support/registry.ts";
import { docker, TestStack } from "../support/stack.ts";
import { serveStore, storesFolder } from "../support/stores.ts";

const port = 18_849;
const names = ["minio", "mysql"];
const registry = new TestRegistry(18_870);
const folder = mkdtempSync(join(tmpdir(), "ragdock-import-"));
const stack = new TestStack("e2e-foreign-import", {});
const canary = "hunter22-in-the-compose-file";

const dockerfile = `ARG PYTHON_IMAGE=python:3.13-slim
FROM \${PYTHON_IMAGE}
COPY . /srv
RUN pip install --no-cache-dir --root-user-action=ignore -r /srv/requirements.txt
USER 65534:65534
CMD ["python", "/srv/stores.py"]
`;

const compose = `services:
  web:
    build: .
    ports: ["${port}:8000"]
    environment:
      S3_ENDPOINT: http://objects:9000
      S3_ACCESS_KEY: papers
      S3_SECRET_KEY: ${canary}
      MYSQL_URL: mysql://papers:${canary}@db:3306/papers
    depends_on: [objects, db]
  objects:
    image: minio/minio
    command: server /data --console-address :9001
    environment: { MINIO_ROOT_USER: papers, MINIO_ROOT_PASSWORD: ${canary} }
    volumes: ["objects:/data"]
  db:
    image: mysql
    environment:
      MYSQL_DATABASE: papers
      MYSQL_USER: papers
      MYSQL_PASSWORD: ${canary}
      MYSQL_RANDOM_ROOT_PASSWORD: "yes"
    volumes: ["db:/var/lib/mysql"]
volumes: { objects: {}, db: {} }
`;

beforeAll(async () => {
  await registry.start();
  for (const name of names) await serveStore(name, registry);
  cpSync(join(storesFolder, "app"), folder, { recursive: true });
  writeFileSync(join(folder, "Dockerfile"), dockerfile);
  writeFileSync(join(folder, "compose.yaml"), compose);
});
afterAll(async () => {
  await stack.remove();
  await registry.stop();
  rmSync(folder, { recursive: true });
});

it("runs on the stores of the stack, with other passwords", async () => {
  const { code, output } = await stack.make("import", folder);
  expect(code, output).toBe(0);
  const text = readFileSync(join(folder, "ragdock", `Pulumi.${stack.name}.yaml`), "utf8");
  expect(text).not.toContain(canary);
  const { apps, services } = ownSettings(text);
  expect(apps).toEqual({ web: expect.objectContaining({ needs: expect.arrayContaining(names) }) });
  const settings = registry.settingsOf("full", { apps });
  await registry.serveSystem(settings);
  stack.configure({ ...settings, services: { ...settings.services, ...services, ...unwatched } });
  stack.variables = { DOCKER_CONFIG: registry.loggedIn };
  const up = await stack.make("up");
  expect(up.code, up.output).toBe(0);
  for (const name of names) {
    const url = `http://127.0.0.1:${port}/${name}`;
    expect((await fetch(url, { method: "PUT", body: "imported" })).status).toBe(204);
    expect(await (await fetch(url)).text()).toBe("imported");
  }
  expect(await docker("inspect", ...(await stack.containers()))).not.toContain(canary);
  expect(await stack.unchanged()).toBe("");
});

/** Returns the settings of a stack's file, without `ragdock:`. */
function ownSettings(text: string) {
  const config: Record<string, unknown> = parse(text).config;
  const entries = Object.entries(config).map(([key, value]) => [key.replace("ragdock:", ""), value]);
  return Object.fromEntries(entries) as Pick<RegistrySettings, "services"> & { readonly apps: unknown };
}
