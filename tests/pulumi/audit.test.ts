/**
 * Deploys a stack with a sign-in by the real Pulumi CLI alone, and reads the audit log. It does not
 * prove that Pulumi always lets a failed program write its last line.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { containersOf, docker } from "../../host/docker.ts";
import { unwatched } from "../support/program.ts";
import { CliStack, missingCommands } from "./cli.ts";

const NAME = "pulumiaudit";
const settings = (environment: Record<string, string>) => ({
  system: "m31",
  images: "packages",
  ingress: { signIn: { users: true } },
  services: {
    web: { port: 18_730, environment },
    ...Object.fromEntries(
      ["prometheus", "alertmanager", "blackbox-exporter", "redis-exporter"].map((name) => [
        name,
        unwatched[name],
      ]),
    ),
  },
});

const missing = missingCommands();
if (missing.length > 0) console.log(`skipped: ${missing.join(" and ")} not on PATH`);

describe.skipIf(missing.length > 0)("the audit log under the real Pulumi CLI", () => {
  let stack: CliStack;
  const up = (environment: Record<string, string>) => {
    stack.configure(settings(environment));
    return stack.pulumi("up", "--yes", "--skip-preview");
  };
  beforeAll(async () => {
    stack = new CliStack(NAME);
    stack.configure(settings({}));
    const made = await stack.pulumi("stack", "init", NAME);
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    const destroyed = await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    for (const part of ["auth-data", "redis-data"])
      await docker("volume", "rm", "--force", `ragdock-${NAME}-${part}`);
    stack.remove();
    expect(destroyed.code, destroyed.output).toBe(0);
  });

  test("has each deployment that changed something, and how it ended", async () => {
    const first = await up({});
    expect(first.code, first.output).toBe(0);
    expect((await lines()).at(-1)).toMatch(/\bweb\b.*: ok$/);
    const before = await lines();
    expect((await up({})).code).toBe(0);
    expect(await lines()).toEqual(before);
    expect((await up({ PORT: "wrong" })).code).not.toBe(0);
    const [started, ...ends] = (await lines()).slice(before.length);
    expect(started).toMatch(/\bweb\b.*: started$/);
    expect(ends.every((line) => line.endsWith(": failed"))).toBe(true);
  });
});

/** Returns the deployments in the audit log: the services and the result. */
async function lines(): Promise<string[]> {
  const [auth] = await containersOf(NAME, "auth");
  const audit = ["python", "-m", "frontdoor", "auth", "audit", "--since", "1h", "--json"];
  const output = await docker("exec", auth?.Id ?? "", ...audit);
  const events = output
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  return events
    .filter(({ action, actor }) => action === "deploy" && actor.includes("@"))
    .map(({ object, result }) => `${object}: ${result}`);
}
