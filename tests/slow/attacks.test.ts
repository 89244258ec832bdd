/**
 * Attacks `full` with TLS and a sign-in. This takes too long to run at each change. The sign-in
 * service counts wrong passwords in each of its containers, and `dev` has one.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Door, type Person, passwords } from "../support/door.ts";
import { docker, projectDir } from "../support/stack.ts";
import { Visitor } from "../support/visitor.ts";

const run = promisify(execFile);

const port = 18_560;
const most = 1_000_000;
const door = new Door("e2e-attacks", port, { requests: most, questions: most, uploads: most });
const { stack } = door;
const folder = mkdtempSync(join(tmpdir(), "ragdock-attacks-"));

beforeAll(() => door.open());

afterAll(async () => {
  await stack.remove();
  rmSync(folder, { recursive: true });
});

it("answers three minutes of generated requests of an editor as its OpenAPI document says", async () => {
  const authority = join(folder, "authority.pem");
  writeFileSync(authority, door.visitor.authority);
  const image = (await run("tools/checks-image.sh", { cwd: projectDir })).stdout.trim();
  const mounts = ["-v", `${authority}:/authority.pem:ro`, "--tmpfs", "/tmp:exec", "-w", "/tmp"];
  const options = [
    ...["--tls-verify", "/authority.pem", "--header", `Authorization: Bearer ${door.key}`],
    // A schema cannot state which files and which questions contain text. Those without text get
    // 415 and 422.
    ...["--exclude-checks", "positive_data_acceptance", "--continue-on-failure"],
    ...["--max-examples", "50", "--max-time", "180", "--request-timeout", "30"],
    ...["--warnings", "off", "--suppress-health-check", "all"],
  ];
  const schema = `https://localhost:${port}/api/openapi.json`;
  const program = [image, "schemathesis", "--no-color", "run", schema, ...options];
  const output = await docker("run", "--rm", "--network", "host", ...mounts, ...program).catch(
    (failed: { stdout: string }) => failed.stdout,
  );
  expect(output).not.toContain("FAILURES");
  expect(output).toContain("7 selected / 7 total");
  expect(Number(/(\d+) generated/.exec(output)?.[1]), output).toBeGreaterThan(1000);
});

it("refuses 100,000 wrong passwords of anna, while she and others sign in elsewhere", async () => {
  const format = `{{(index .NetworkSettings.Networks "ragdock-${stack.name}-ingress").IPAddress}}`;
  const address = await docker("inspect", "--format", format, await stack.container("ingress"));
  // Another network of the ingress, so that the ingress sees another address of this host.
  const elsewhere = new Visitor(8080, { host: address.trim() });
  elsewhere.authority = door.visitor.authority;
  const signIn = async (name: Person) => (await elsewhere.signIn(name, passwords[name])).reply.status;
  expect(await signIn("anna")).toBe(303);

  let isOver = false;
  const attack = guesses("anna", 100_000).finally(() => {
    isOver = true;
  });
  const others: number[] = [];
  let slowest = 0;
  while (!isOver) {
    for (const name of ["anna", "ed", "rita"] as const) {
      const begun = performance.now();
      others.push(await signIn(name));
      slowest = Math.max(slowest, performance.now() - begun);
    }
    await sleep(2000);
  }
  const { 403: wrong = 0, 429: waits = 0, ...rest } = await attack;
  expect(rest).toEqual({});
  expect(wrong + waits).toBe(100_000);
  // Five are free. After that, each attempt waits twice as long as the one before.
  expect(wrong).toBeLessThan(30);
  expect(others.length).toBeGreaterThan(10);
  expect(new Set(others)).toEqual(new Set([303]));
  expect(slowest).toBeLessThan(10_000);
  for (const service of ["ingress", "gateway", "auth"]) {
    const state = "{{.RestartCount}} {{.State.OOMKilled}}";
    const text = await docker("inspect", "--format", state, await stack.container(service));
    expect(text.trim(), service).toBe("0 false");
  }
  // Three minutes on two idle processors.
}, 2_400_000);

/** Guesses the password of a person, 40 times at once. Returns how many answers had each status. */
async function guesses(name: Person, count: number): Promise<Record<number, number>> {
  const attacker = new Visitor(port, { agent: new Agent({ keepAlive: true, maxSockets: 40 }) });
  attacker.authority = door.visitor.authority;
  const form = await attacker.form();
  const statuses: Record<number, number> = {};
  let left = count;
  const guess = async (): Promise<void> => {
    while (left-- > 0) {
      const { status } = await attacker.submit(form, name, `guess number ${left}`);
      statuses[status] = (statuses[status] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: 40 }, guess));
  return statuses;
}
