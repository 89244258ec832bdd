/**
 * Tests `make compose`: Compose accepts the files of four systems, and the started systems become
 * healthy. Two systems start: one with a cache, and one with a job, internal networks and a
 * scheduling database.
 */
import { execFile } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, it } from "vitest";
import { ensureCompose } from "../../tools/bench/compose-tool.ts";
import { projectDir, TestStack } from "../support/stack.ts";

const run = promisify(execFile);
let binary = "";
beforeAll(async () => {
  binary = await ensureCompose();
});

/** Writes the stack's Compose file, and returns a function that runs Compose with it. */
async function exported(stack: TestStack): Promise<(...args: string[]) => Promise<string>> {
  const { code, output } = await stack.make("compose");
  expect(code, output).toBe(0);
  const file = join(projectDir, ".ragdock", "compose", stack.name, "compose.yaml");
  // The file and its folder contain secrets.
  expect(statSync(file).mode & 0o077).toBe(0);
  expect(statSync(join(file, "..")).mode & 0o077).toBe(0);
  return async (...args) => (await run(binary, ["-f", file, ...args], { maxBuffer: 2 ** 24 })).stdout;
}

describe("the Compose file", () => {
  it.each(["full", "myrag", "rag-events", "financerag"])("of %s is valid for Compose", async (system) => {
    const stack = new TestStack(`e2e-compose-${system}`, { system, images: "packages" });
    try {
      const compose = await exported(stack);
      await compose("config", "--quiet");
      expect(await compose("config", "--services")).not.toBe("");
    } finally {
      await stack.remove();
    }
  });

  it.each([
    ["m31", { web: { port: 18_700 } }, "http://127.0.0.1:18700/health"],
    [
      "mnemolite",
      { api: { port: 18_701 }, db: { port: 18_702 }, chromadb: { port: 18_703 } },
      "http://127.0.0.1:18701/health",
    ],
  ])("of %s starts healthy services, and its API answers", async (system, services, url) => {
    const stack = new TestStack(`e2e-compose-${system}`, { system, images: "packages", services });
    try {
      const compose = await exported(stack);
      try {
        await compose("up", "--detach", "--wait", "--wait-timeout", "200");
        expect((await fetch(url)).status).toBe(200);
        expect(await (await fetch(url)).text()).not.toContain("down");
      } finally {
        await compose("down", "--volumes", "--timeout", "5");
      }
    } finally {
      await stack.remove();
    }
  });
});
