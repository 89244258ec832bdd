/**
 * Tests the stores that a stack runs only if an application needs them, with real servers: MinIO
 * from its Go module, MariaDB from Debian's packages and OpenSearch from Maven Central. A registry on
 * this host serves them in stand-ins under the official names. The stand-ins have the user, the
 * volume, the variables and the programs of the official images. These tests do not prove that the
 * official images work, nor MySQL itself, ClickHouse and Qdrant.
 */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { imageNamed } from "../support/docker.ts";
import { serviceOf, systemWith } from "../support/program.ts";
import { type RegistrySettings, TestRegistry } from "../support/registry.ts";
import { docker, logOf, projectDir, TestStack } from "../support/stack.ts";
import { serveStore, stores, storesApp } from "../support/stores.ts";

const registry = new TestRegistry(18_860);
const names = Object.keys(stores);
const stack = new TestStack("e2e-foreign-stores", {});
let settings: RegistrySettings = { services: {} };

beforeAll(async () => {
  await registry.start();
  for (const name of names) await serveStore(name, registry);
  settings = registry.settingsOf("full", { apps: { web: storesApp(names) } });
  await registry.serveSystem(settings);
  const prometheus = { ...settings.services.prometheus, exposure: "loopback" };
  stack.configure({ ...settings, services: { ...settings.services, prometheus } });
  stack.variables = { DOCKER_CONFIG: registry.loggedIn };
  await make("up");
});
afterAll(async () => {
  await stack.remove();
  rmSync(join(projectDir, ".ragdock", "backups", stack.name), { recursive: true, force: true });
  await registry.stop();
});

/** Runs a command of the stack, and expects its success. */
async function make(command: string, ...args: string[]): Promise<string> {
  const { code, output } = await stack.make(command, ...args);
  expect(code, output).toBe(0);
  return output;
}

const at = (service: string, path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${settings.services[service]?.port}${path}`, init);
const texts = (name: string, init?: RequestInit): Promise<Response> => at("gateway", `/${name}`, init);

/** Returns the text that the application keeps in a store. */
async function text(name: string): Promise<string> {
  const answer = await texts(name);
  return answer.ok ? answer.text() : `status ${answer.status}`;
}

/** Waits until the application finds its text in every store. */
async function haveAll(): Promise<void> {
  for (const name of names)
    await eventually(async () => ((await text(name)) === `first of ${name}` ? true : undefined));
}

/** Returns the passwords of each store, which the application has in files. */
async function secrets(): Promise<Record<string, string[]>> {
  const id = await stack.container("web");
  const read = (variable: string) => docker("exec", id, "cat", `/run/secrets/${variable}`);
  const found = names.map(async (name) => {
    const values = await Promise.all(Object.keys(stores[name]?.secrets ?? {}).map(read));
    return [name, values.flatMap((text) => /\w{16,}/.exec(text) ?? [])] as const;
  });
  return Object.fromEntries(await Promise.all(found));
}

/** Returns the first value of a query of Prometheus. */
async function value(query: string): Promise<unknown> {
  const asked = await at("prometheus", `/api/v1/query?query=${encodeURIComponent(query)}`);
  const { data } = (await asked.json()) as { data: { result: { value: unknown[] }[] } };
  return data.result[0]?.value[1];
}

describe.each(names)("%s", (name) => {
  it("is healthy, without capabilities and with the user of its module", async () => {
    const id = await stack.container(name);
    expect(await docker("inspect", "-f", "{{.State.Health.Status}}", id)).toBe("healthy\n");
    const status = await docker("exec", id, "cat", "/proc/1/status");
    expect(status).toMatch(/^CapBnd:\t0+$/m);
    expect(status).toMatch(new RegExp(`^Uid:\\s+${imageNamed(name).user.split(":")[0]}\\s`, "m"));
  });

  it("keeps what the application writes", async () => {
    expect((await texts(name, { method: "PUT", body: `first of ${name}` })).status).toBe(204);
    expect(await text(name)).toBe(`first of ${name}`);
  });

  it("is watched from outside, and by its own metrics if it has some", async () => {
    const { metrics } = serviceOf(systemWith(settings), name);
    const queries = [`probe_success{service="${name}"}`, ...(metrics ? [`up{service="${name}"}`] : [])];
    for (const query of queries)
      await eventually(async () => ((await value(query)) === "1" ? true : undefined));
  });
});

describe("the stack", () => {
  it("has every text again after a backup, a loss and a restore", async () => {
    const folder = /Backed up in .*: (\S+)/.exec(await make("backup"))?.[1] ?? "none";
    for (const name of names) {
      expect((await texts(name, { method: "DELETE" })).status).toBe(204);
      expect(await text(name)).toBe("status 404");
    }
    await make("restore", "--from", join(projectDir, folder), "--confirm", stack.name);
    await haveAll();
  });

  it("gives each store another password by a rotation, and keeps the data", async () => {
    for (const name of names) {
      const before = await secrets();
      if (!before[name]?.length) continue;
      await make("rotate", "--secret", name);
      const after = await secrets();
      expect(after[name]).not.toEqual(before[name]);
      expect(after).toEqual({ ...before, [name]: after[name] });
    }
    await haveAll();
  });

  it("has no password in a container's data or in a log, nor in its state", async () => {
    const ids = await stack.containers();
    const logs = await Promise.all(ids.map(logOf));
    const seen = [await docker("inspect", ...ids), ...logs, stack.stateText()].join("\n");
    const passwords = Object.values(await secrets()).flat();
    expect(passwords.length).toBeGreaterThan(0);
    for (const password of passwords) {
      expect(password).toMatch(/^\w{16,}$/);
      expect(seen).not.toContain(password);
    }
  });

  it("is unchanged by a second run", async () => expect(await stack.unchanged()).toBe(""));

  it("has its data after down and up", async () => {
    await make("down");
    await make("up");
    await haveAll();
  });
});
