/**
 * Runs the program under the real Pulumi CLI, if `pulumi` and `pulumi-language-nodejs` are on PATH.
 * The CLI, language host, SDK, program and Terraform providers are real. This project's bridge
 * stands in for Pulumi's docker and random plugins. These tests do not prove `images: registry`, a
 * production stack, or the monitoring services.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { preview } from "../../engine/index.ts";
import { unwatched } from "../support/program.ts";
import { CliStack, missingCommands, projectDir } from "./cli.ts";
import { objects, removeObjects } from "./objects.ts";

const run = promisify(execFile);
const PORT = 18_700;
const NAME = "pulumitest";
const settings = {
  system: "full",
  environment: "dev",
  images: "packages",
  services: { gateway: { port: PORT }, ...unwatched },
};

const missing = missingCommands();
if (missing.length > 0) console.log(`skipped: ${missing.join(" and ")} not on PATH`);

interface PlannedStep {
  readonly op: string;
  readonly urn: string;
}

describe.skipIf(missing.length > 0)("the program under the real Pulumi CLI", () => {
  let stack: CliStack;
  beforeAll(async () => {
    stack = new CliStack(NAME);
    stack.configure(settings);
    const made = await stack.pulumi("stack", "init", NAME);
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    await removeObjects(`ragdock-${NAME}`);
    stack.remove();
    expect(destroyed.code, destroyed.output).toBe(0);
  });

  test("declares the same resources as under the embedded engine", async () => {
    const cli = await stack.pulumi("preview", "--json");
    expect(cli.code, cli.output).toBe(0);
    const { steps } = JSON.parse(cli.stdout) as { steps: PlannedStep[] };
    // The program reads the outputs of its last run. The embedded engine lists only resources.
    const isOwn = ({ urn }: PlannedStep) => /::pulumi:(providers:|pulumi:StackReference::)/.test(urn);
    const theirs = steps.filter((step) => !isOwn(step));
    expect(theirs.every((step) => step.op === "create")).toBe(true);
    const ours = await embeddedPreview();
    expect(ours.length).toBeGreaterThan(20);
    expect(theirs.map((step) => step.urn).sort()).toEqual(ours);
  });

  test("starts and serves, and a second preview is empty, even after a refresh", async () => {
    const up = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(up.code, up.output).toBe(0);
    expect(await health()).toBe(200);
    const again = await stack.pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
    const refreshed = await stack.pulumi("preview", "--expect-no-changes", "--refresh");
    expect(refreshed.code, refreshed.output).toBe(0);
  });

  test("has no generated password in clear text in its state", async () => {
    const state = await stack.pulumi("stack", "export", "--stack", NAME);
    const clear = await stack.pulumi("stack", "export", "--show-secrets", "--stack", NAME);
    expect(state.code).toBe(0);
    const { deployment } = JSON.parse(clear.stdout) as {
      deployment: { resources: { type: string; outputs?: { result?: { plaintext: string } } }[] };
    };
    const passwords = deployment.resources
      .filter((resource) => resource.type === "random:index/randomPassword:RandomPassword")
      .map((resource) => JSON.parse(resource.outputs?.result?.plaintext ?? "null") as unknown);
    expect(passwords.length).toBeGreaterThan(0);
    for (const password of passwords) {
      expect(password).toMatch(/^\w{16,}$/);
      expect(state.stdout).not.toContain(password);
    }
  });

  test("fails on a revision that never becomes healthy, while the old revision serves", async () => {
    const answers: number[] = [];
    const ask = setInterval(() => void health().then((status) => answers.push(status)), 250);
    try {
      const api = { environment: { RAG_DATABASE_NAME: "nowhere" } };
      stack.configure({ ...settings, services: { ...settings.services, api } });
      const bad = await stack.pulumi("up", "--yes", "--skip-preview");
      expect(bad.code, bad.output).not.toBe(0);
    } finally {
      clearInterval(ask);
    }
    expect(answers.length).toBeGreaterThan(20);
    expect(answers.filter((status) => status !== 200)).toEqual([]);
    stack.configure(settings);
    const good = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(good.code, good.output).toBe(0);
    expect(await health()).toBe(200);
  });

  test("leaves only the data and no provider process after destroy", async () => {
    const gone = await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    expect(gone.code, gone.output).toBe(0);
    expect(await objects(`ragdock-${NAME}`, "container")).toEqual([]);
    expect(await objects(`ragdock-${NAME}`, "network")).toEqual([]);
    expect((await objects(`ragdock-${NAME}`, "volume")).length).toBeGreaterThan(0);
    const { stdout } = await run("ps", ["-eo", "args"]);
    expect(stdout).not.toContain(join(projectDir, "engine/bridge/main.ts"));
  });
});

/** Returns the URNs that the embedded engine would create from the same settings. */
async function embeddedPreview(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-embedded-"));
  try {
    const config = Object.entries(settings).map(
      ([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)] as const,
    );
    const result = await preview({
      projectDir,
      project: "ragdock",
      stack: NAME,
      stateDir: folder,
      passphrase: randomBytes(8).toString("hex"),
      config: Object.fromEntries(config),
    });
    expect(result.errors).toEqual([]);
    return result.steps.map((step) => step.urn).sort();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function health(): Promise<number> {
  const answer = await fetch(`http://127.0.0.1:${PORT}/api/health`, {
    signal: AbortSignal.timeout(10_000),
  }).catch(() => undefined);
  return answer?.status ?? 0;
}
