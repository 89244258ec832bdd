/**
 * Tests that the protections of docs/reference/deployers.md hold under `make` with the embedded
 * engine, and under plain `pulumi up` and `pulumi preview`. The tests of a stack depend on the
 * tests before them. They need the Pulumi CLI. Without it, tests/e2e covers `make` alone.
 */
import { createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { docker, TestStack } from "../support/stack.ts";
import { CliStack, missingCommands, type Ran } from "./cli.ts";

/** A stack of one deployer. */
interface Deployed {
  readonly name: string;
  configure(settings: Readonly<Record<string, unknown>>): void;
  preview(): Promise<Omit<Ran, "stdout">>;
  up(refresh?: boolean): Promise<Omit<Ran, "stdout">>;
  remove(): Promise<void>;
}

const isMissing = missingCommands().length > 0;

const deployers = [
  { deployer: "make", open: byMake, port: 18_710 },
  { deployer: "pulumi", open: byPulumi, port: 18_720 },
];

const off = { enabled: false };
const settingsWith = (port: number, services: Readonly<Record<string, unknown>> = {}) => ({
  system: "m31",
  environment: "dev",
  images: "packages",
  services: { web: { port }, prometheus: off, alertmanager: off, "blackbox-exporter": off, ...services },
});

for (const { deployer, open, port } of deployers)
  describe.skipIf(isMissing)(`a stack under ${deployer}`, () => {
    const good = settingsWith(port);
    let stack: Deployed;
    beforeAll(async () => {
      stack = await open(`parity-${deployer}`);
      stack.configure(good);
      const { code, output } = await stack.up();
      expect(code, output).toBe(0);
    });
    afterAll(() => stack.remove());

    test("refuses a taken port before anything is changed", async () => {
      const server = createServer();
      await new Promise<void>((listening) => server.listen(port + 1, "127.0.0.1", listening));
      try {
        stack.configure(settingsWith(port + 1));
        const { code, output } = await stack.preview();
        expect(code, output).not.toBe(0);
        expect(output).toContain(`port ${port + 1} of web is taken by`);
      } finally {
        server.close();
        stack.configure(good);
      }
    });

    test("refuses what breaks an advisory rule under the strict policy", async () => {
      const services = { web: { port, environment: { API_KEY: "abc" } } };
      stack.configure({ ...settingsWith(port, services), policy: "strict" });
      const { code, output } = await stack.preview();
      expect(code, output).not.toBe(0);
      expect(output).toContain("ragdock:services.web.environment.API_KEY");
      stack.configure(good);
    });

    test("stops a crash loop early, and the old container keeps running", async () => {
      const before = await containersOf(stack, "web");
      stack.configure(settingsWith(port, { web: { port, environment: { PORT: "oops" } } }));
      const { code, output } = await stack.up();
      expect(code, output).not.toBe(0);
      expect(output).toMatch(/It crashed \d+ times and was never healthy, so it was removed/);
      expect(output).toContain("PORT=oops: must be a port");
      expect(await containersOf(stack, "web")).toEqual(before);
      stack.configure(good);
      const repaired = await stack.up();
      expect(repaired.code, repaired.output).toBe(0);
    });

    test("replaces a container that was never healthy, even after a refresh removed it from the state", async () => {
      // The exporter wants a login that its health check does not have.
      const environment = {
        REDIS_EXPORTER_BASIC_AUTH_USERNAME: "anna",
        REDIS_EXPORTER_BASIC_AUTH_PASSWORD: "not known to the check",
      };
      stack.configure(settingsWith(port, { "redis-exporter": { environment } }));
      expect((await stack.up()).code).not.toBe(0);
      const first = (await containersOf(stack, "redis-exporter")).at(-1);
      const again = await stack.up(true);
      expect(again.code, again.output).not.toBe(0);
      expect((await containersOf(stack, "redis-exporter")).at(-1)).not.toBe(first);
      stack.configure(good);
      const repaired = await stack.up(true);
      expect(repaired.code, repaired.output).toBe(0);
      expect(await containersOf(stack, "redis-exporter")).toHaveLength(1);
      const second = await stack.up(true);
      expect(second.output).toMatch(/Nothing created, updated or replaced|\d+ unchanged/);
      expect(second.output).not.toMatch(/replaced, |[+]-/);
    });

    test("refuses to continue if recorded data is missing", async () => {
      for (const id of await containersOf(stack, "redis")) await docker("rm", "--force", id);
      await docker("volume", "rm", `ragdock-${stack.name}-redis-data`);
      const { code, output } = await stack.preview();
      expect(code, output).not.toBe(0);
      expect(output).toContain(`The data of stack "${stack.name}" is gone`);
    });
  });

for (const { deployer, open } of deployers)
  test.skipIf(isMissing)(`${deployer} refuses data of another version of PostgreSQL`, async () => {
    const stack = await open(`version-${deployer}`);
    const volume = `ragdock-${stack.name}-postgres-data`;
    await docker("volume", "create", volume);
    try {
      stack.configure({ system: "full", images: "packages", postgresVersion: "18" });
      const { code, output } = await stack.preview();
      expect(code, output).not.toBe(0);
      expect(output).toContain("The data of postgres comes from PostgreSQL 17");
    } finally {
      await docker("volume", "rm", volume);
      await stack.remove();
    }
  });

async function byMake(name: string): Promise<Deployed> {
  const stack = new TestStack(name, {});
  return {
    name,
    configure: (settings) => stack.configure(settings),
    preview: () => stack.make("preview"),
    up: (refresh) => stack.make("up", ...(refresh ? ["--refresh"] : [])),
    remove: () => stack.remove(),
  };
}

async function byPulumi(name: string): Promise<Deployed> {
  const stack = new CliStack(name);
  stack.configure({});
  const { code, output } = await stack.pulumi("stack", "init", name);
  expect(code, output).toBe(0);
  return {
    name,
    configure: (settings) => stack.configure(settings),
    preview: () => stack.pulumi("preview"),
    up: (refresh) => stack.pulumi("up", "--yes", "--skip-preview", ...(refresh ? ["--refresh"] : [])),
    remove: async () => {
      await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
      for (const id of await containersOf(stack)) await docker("rm", "--force", id);
      for (const kind of ["volume", "network"])
        for (const id of await lines(kind, "ls", "--quiet", "--filter", `label=ragdock.stack=${name}`))
          await docker(kind, "rm", id);
      stack.remove();
    },
  };
}

/** The ids of a stack's containers, the oldest first. */
async function containersOf({ name }: { readonly name: string }, service?: string): Promise<string[]> {
  const labels = [`ragdock.stack=${name}`, ...(service ? [`ragdock.service=${service}`] : [])];
  const filters = labels.flatMap((label) => ["--filter", `label=${label}`]);
  return (await lines("ps", "--all", "--quiet", "--no-trunc", ...filters)).toReversed();
}

async function lines(...args: string[]): Promise<string[]> {
  return (await docker(...args)).split("\n").filter(Boolean);
}
