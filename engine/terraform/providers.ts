import { execFile, spawn } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Plugin } from "./plugin.ts";
import type { ProviderSchema } from "./schema.ts";

const SOURCES = fileURLToPath(new URL("providers", import.meta.url));
const PROGRESS_EVERY_MS = 15_000;

/** A provider that was built on this machine: a folder with its binary and its schema. */
export interface BuiltProvider {
  readonly name: string;
  /** Identifies the exact sources. A state with another key is upgraded before use. */
  readonly key: string;
  readonly binary: string;
  readonly schema: ProviderSchema;
}

const inFlight = new Map<string, Promise<BuiltProvider>>();

/**
 * Returns the provider. Builds it first if this machine does not have it, which takes minutes once.
 */
export function getProvider(name: string, note: (message: string) => void): Promise<BuiltProvider> {
  const known = inFlight.get(name);
  if (known) return known;
  const started = prepare(name, note);
  inFlight.set(name, started);
  started.catch(() => inFlight.delete(name));
  return started;
}

/**
 * Returns the folder of a built provider. It is outside of any checkout, and its name identifies
 * the exact sources.
 */
export function providerFolder(name: string): { key: string; folder: string } {
  const hash = createHash("sha256");
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(SOURCES, name, file)));
  const key = hash.digest("hex").slice(0, 16);
  const cache = process.env.XDG_CACHE_HOME || join(homedir(), ".cache");
  return { key, folder: join(cache, "ragdock", "providers", key) };
}

async function prepare(name: string, note: (message: string) => void): Promise<BuiltProvider> {
  const { key, folder } = providerFolder(name);
  const goMod = readFileSync(join(SOURCES, name, "go.mod"), "utf8");
  const tool = goMod.match(/^tool (\S+)$/m)?.[1];
  const goVersion = goMod.match(/^go (\S+)$/m)?.[1];
  if (!tool || !goVersion)
    throw new Error(`engine/terraform/providers/${name}/go.mod has no tool or no Go version`);
  const binary = join(folder, tool.split("/").at(-1) ?? name);
  if (!existsSync(binary)) await build(name, tool, goVersion, binary, note);
  return { name, key, binary, schema: await schemaOf(binary) };
}

async function build(
  name: string,
  tool: string,
  goVersion: string,
  binary: string,
  note: (message: string) => void,
): Promise<void> {
  await requireGo(goVersion);
  const started = Date.now();
  const elapsed = () => `${Math.round((Date.now() - started) / 1000)} s`;
  note(
    `building the ${name} provider from its Go sources, once per version; it takes minutes on a small machine`,
  );
  const ticker = setInterval(
    () => note(`still building the ${name} provider: ${elapsed()}`),
    PROGRESS_EVERY_MS,
  );
  mkdirSync(dirname(binary), { recursive: true });
  // The build gets its final name at the end, because two checkouts may build at the same time.
  const unfinished = `${binary}.${randomUUID()}`;
  try {
    await go(["build", "-trimpath", "-ldflags", "-s -w", "-o", unfinished, tool], join(SOURCES, name));
    renameSync(unfinished, binary);
    note(`built the ${name} provider in ${elapsed()}`);
  } finally {
    clearInterval(ticker);
    rmSync(unfinished, { force: true });
  }
}

async function requireGo(wanted: string): Promise<void> {
  const advice = `install Go ${wanted} or newer (https://go.dev/doc/install, or the distribution's package golang-go) and put it first in PATH`;
  const answer = await promisify(execFile)("go", ["env", "GOVERSION"]).catch(() => undefined);
  if (!answer) throw new Error(`the providers are built with go, which was not found: ${advice}`);
  const found = answer.stdout.trim().replace(/^go/, "");
  // From 1.21 on, go downloads the toolchain that go.mod asks for.
  if (Number(found.split(".")[1] ?? 0) < 21)
    throw new Error(`go ${found} is too old to build the providers: ${advice}`);
}

function go(args: readonly string[], cwd: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn("go", args, {
      cwd,
      stdio: ["ignore", "ignore", "pipe"],
      env: { ...process.env, GOFLAGS: "" },
    });
    let output = "";
    child.stderr.on("data", (data: Buffer) => {
      output = (output + data.toString()).slice(-4000);
    });
    child.once("error", reject);
    child.once("exit", (code) =>
      code === 0
        ? resolve()
        : reject(new Error(`go ${args[0]} failed (exit ${code}) in ${cwd}:\n${output.trim()}`)),
    );
  });
}

async function schemaOf(binary: string): Promise<ProviderSchema> {
  const file = `${binary}.schema.json`;
  if (existsSync(file)) return JSON.parse(readFileSync(file, "utf8")) as ProviderSchema;
  const plugin = await Plugin.start(binary, { cwd: dirname(binary) }, () => undefined);
  await plugin.stop();
  const unfinished = `${file}.${randomUUID()}`;
  writeFileSync(unfinished, JSON.stringify(plugin.schema));
  renameSync(unfinished, file);
  return plugin.schema;
}
