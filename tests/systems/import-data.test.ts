/**
 * Copies the data of a Compose project into the volumes of a stack. Docker's volumes and containers
 * take the place of those of Compose. The stack does not start.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { parse, stringify } from "yaml";
import { importCompose } from "../../cli/commands/import.ts";
import { useConfigFile } from "../../cli/stack-file.ts";
import { docker } from "../../host/docker.ts";
import { standIn, uniqueName } from "../support/docker.ts";

const stack = `e2e-adopt-${uniqueName("x").slice(-8)}`;
const folder = mkdtempSync(join(tmpdir(), "ragdock-adopt-"));
const name = uniqueName("compose");
const compose = `name: ${name}
services:
  web: {image: "a/web:1", ports: ["18640:80"], volumes: ["uploads:/uploads", "./data:/data"]}
  db: {image: "postgres:16", volumes: ["db:/var/lib/postgresql/data"]}
`;
const volumes = {
  uploads: `${name}_uploads`,
  database: `${name}_db`,
  copied: `ragdock-${stack}-uploads`,
  copiedFolder: `ragdock-${stack}-web-data`,
};
let image: string;

const inVolume = (volume: string, script: string): Promise<string> =>
  docker(
    "run",
    ...["--rm", "--network", "none", "--no-healthcheck", "--user", "0", "-v", `${volume}:/data`],
    ...["--entrypoint", "sh", image, "-euc", `cd /data\n${script}`],
  );

/** Runs the import, and returns its exit code and what it prints. */
async function run(options: { data: boolean }): Promise<{ code: number; output: string }> {
  const print = vi.spyOn(process.stdout, "write").mockReturnValue(true);
  try {
    const wish = { file: folder, stack, report: undefined, dryRun: false, force: false, ...options };
    return { code: await importCompose.run(wish), output: print.mock.calls.join("") };
  } finally {
    print.mockRestore();
  }
}

beforeAll(async () => {
  image = await standIn("postgres");
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "compose.yaml"), compose);
  writeFileSync(join(folder, "data", "notes.txt"), "kept in a folder");
  await run({ data: false });
  const file = join(folder, "ragdock", `Pulumi.${stack}.yaml`);
  const settings = parse(readFileSync(file, "utf8"));
  settings.config["ragdock:images"] = "packages";
  writeFileSync(file, stringify(settings));
  useConfigFile(file);
  await inVolume(
    volumes.uploads,
    "mkdir -p a/b; printf one > a/b/1; printf two > 'with space'; ln -s a/b/1 link; chown -R 4711:4712 a; chmod 640 a/b/1",
  );
  await inVolume(volumes.database, "echo 16 > PG_VERSION");
});

afterAll(async () => {
  await docker("volume", "rm", "-f", ...Object.values(volumes));
  rmSync(folder, { recursive: true });
});

it("refuses while a container uses the data", async () => {
  const id = (
    await docker("run", "-d", "--rm", "-v", `${volumes.uploads}:/x`, "--entrypoint", "sleep", image, "600")
  ).trim();
  try {
    await expect(run({ data: true })).rejects.toThrow(`${volumes.uploads} is in use by`);
  } finally {
    await docker("rm", "-f", "-v", id);
  }
});

it("copies volumes and folders with owners and modes, and refuses another PostgreSQL", async () => {
  const { code, output } = await run({ data: true });
  expect(output).toContain(`${volumes.uploads}: copied to ${volumes.copied} and compared: 2 files, 6 B`);
  expect(output).toContain(`${folder}/data: copied to ${volumes.copiedFolder} and compared: 1 files, 16 B`);
  expect(output).toContain(`${volumes.database}: not copied. The data belongs to PostgreSQL 16`);
  expect(output).toContain("pg_dump --no-owner");
  expect(code).toBe(1);
  expect(await inVolume(volumes.copied, "cat a/b/1 'with space' link; stat -c '%u:%g %a' a/b/1")).toBe(
    "onetwoone4711:4712 640\n",
  );
  expect(await inVolume(volumes.copiedFolder, "cat notes.txt")).toBe("kept in a folder");
});

it("keeps the old data, and does not copy over files", async () => {
  expect(await inVolume(volumes.uploads, "cat a/b/1")).toBe("one");
  await inVolume(volumes.copied, "printf newer > a/b/1");
  const { code, output } = await run({ data: true });
  expect(code).toBe(1);
  expect(output).toContain(`The volume ${volumes.copied} already contains files`);
  expect(await inVolume(volumes.copied, "cat a/b/1")).toBe("newer");
});

it("ends with an error if Docker does not have the volumes", async () => {
  vi.stubEnv("COMPOSE_PROJECT_NAME", `${name}-other`);
  const { code, output } = await run({ data: true }).finally(() => vi.unstubAllEnvs());
  expect(output).toContain(`Docker has no such volume: ${name}-other_uploads, ${name}-other_db.`);
  expect(output).not.toContain("All data is copied");
  expect(code).toBe(1);
});
