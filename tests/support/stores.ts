import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { ensureBaseImage } from "../../host/base-image.ts";
import { imageNamed } from "./docker.ts";
import type { TestRegistry } from "./registry.ts";

const run = promisify(execFile);

/** The folder with a stand-in for each store, and with the application that uses them. */
export const storesFolder = join(import.meta.dirname, "stores");

/** What an application writes to use each store: its variables, and its variables with secrets. */
export const stores: Readonly<Record<string, Variables>> = {
  minio: {
    env: { S3_ENDPOINT: "http://minio:9000" },
    secrets: { S3_ACCESS_KEY: "{{secret:minio-user}}", S3_SECRET_KEY: "{{secret:minio-password}}" },
  },
  mysql: {
    secrets: { MYSQL_URL: "mysql://{{secret:mysql-user}}:{{secret:mysql-password}}@mysql:3306/rag" },
  },
  opensearch: { env: { OPENSEARCH_URL: "http://opensearch:9200" } },
};

interface Variables {
  readonly env?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

/** An application that keeps a text in each of these stores. */
export const storesApp = (names: readonly string[]) => ({
  source: "tests/support/stores/app",
  command: ["python", "stores.py"],
  port: 8000,
  route: "/",
  healthcheck: { path: "/health" },
  needs: names,
  env: Object.assign({}, ...names.map((name) => stores[name]?.env)),
  secrets: Object.assign({}, ...names.map((name) => stores[name]?.secrets)),
});

/** The modules of Go that the servers in stand-ins are built from. */
const modules: Readonly<Record<string, string>> = { minio: "github.com/minio/minio" };

/** Builds the stand-in of a store, and serves it under the name of the official image. */
export async function serveStore(name: string, registry: TestRegistry): Promise<void> {
  const context = mkdtempSync(join(tmpdir(), `ragdock-${name}-`));
  try {
    const source = join(storesFolder, name);
    cpSync(source, context, { recursive: true });
    const module = modules[name];
    const env = { ...process.env, CGO_ENABLED: "0", GOFLAGS: "" };
    const build = ["build", "-trimpath", "-ldflags", "-s -w", "-o", join(context, name)];
    if (module) await run("go", [...build, module], { cwd: source, env });
    const base = `BASE_IMAGE=${await ensureBaseImage()}`;
    const tag = `ragdock-test/${name}`;
    await run("docker", ["build", "-q", "--build-arg", base, "-t", tag, context], { maxBuffer: 2 ** 26 });
    await registry.serve(tag, registry.mirrored(imageNamed(name).reference));
  } finally {
    rmSync(context, { recursive: true });
  }
}
