/**
 * Tests the changes of a rotation, in a system as data and in a stack's file.
 * tests/e2e/rotate.test.ts proves that a store accepts the new password and refuses the old one.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { generationOf, setGeneration, useConfigFile } from "../../../cli/stack-file.ts";
import { rotatable, secretsOf } from "../../../config/spec/secrets.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { systemWith } from "../../support/program.ts";

/** Returns the names of the services that a change of settings affects. */
function changed(before: SystemSpec, after: SystemSpec): string[] {
  // Files of other services contain a store's credentials. The store's own files do not.
  const containers = ({ services }: SystemSpec) =>
    new Map(services.map((s) => [s.name, JSON.stringify({ ...s, credentials: undefined })]));
  const earlier = containers(before);
  return [...containers(after)]
    .filter(([name, container]) => container !== earlier.get(name))
    .map(([name]) => name)
    .sort();
}

describe("a rotation", () => {
  it.each(["postgres", "redis"])(
    "of %s changes its clients and the job that they depend on, and no store",
    (store) => {
      const after = systemWith({ rotations: { [store]: 2 } });
      expect(changed(systemWith(), after)).toEqual(
        ["api", "migrate", `${store}-credentials`, `${store}-exporter`, "worker"].sort(),
      );
      expect(after.secrets[`${store}-password`]).toEqual({
        from: "generated",
        generation: 2,
        rotation: store,
      });
      expect(after.secrets[`${store}-user`]).toEqual({ from: "known", value: "rag_2" });
      expect(after.secrets[`${store}-monitor-user`]).toEqual({ from: "known", value: "monitor_2" });
      expect(after.secrets[`${store}-admin-password`]).toMatchObject({ generation: 1 });
    },
  );

  it.each(["postgres", "redis"])("of %s's administrator changes the store and its job only", (store) => {
    const after = systemWith({ rotations: { [`${store}-admin`]: 2 } });
    expect(changed(systemWith(), after)).toEqual([store, `${store}-credentials`]);
    expect(after.secrets[`${store}-admin-password`]).toMatchObject({ generation: 2 });
  });

  it("of myrag's metrics path changes the API and Prometheus", () => {
    const [before, after] = [{}, { rotations: { "metrics-path": 2 } }].map((raw) =>
      systemWith({ system: "myrag", ...raw }),
    );
    expect(changed(before as SystemSpec, after as SystemSpec)).toEqual(["fastapi", "prometheus"]);
  });

  it("is possible for every generated secret", () => {
    const choices = Object.fromEntries(
      Object.keys(systems).map((system) => [system, rotatable(systemWith({ system }).secrets).sort()]),
    );
    expect(choices).toEqual({
      full: ["grafana", "postgres", "postgres-admin", "redis", "redis-admin"],
      myrag: ["grafana", "metrics-path", "pgvector", "pgvector-admin"],
      m31: ["redis", "redis-admin"],
      "rag-events": [],
      financerag: [],
      mnemolite: ["db", "db-admin"],
    });
  });
});

describe("a service with a store's password", () => {
  it.each(Object.keys(systems))("waits in %s until the store has the password", (system) => {
    const { services } = systemWith({ system });
    for (const store of services.filter(
      (s) => s.kind === "stateful" && ["postgres", "redis"].includes(s.role),
    )) {
      const password = `${store.name}-password`;
      const clients = services.filter((s) => secretsOf(s).some(({ name }) => name === password));
      expect(clients.length).toBeGreaterThan(1);
      expect(clients.map((s) => s.name)).not.toContain(store.name);
      for (const client of clients.filter((s) => s.name !== `${store.name}-credentials`))
        expect(client.dependsOn, client.name).toContain(`${store.name}-credentials`);
    }
  });

  it("waits even if only a file of the user contains the password", () => {
    const content = "{{secret:redis-user}} {{secret:redis-password}}";
    const { services } = systemWith({ services: { ui: { files: [{ path: "/.env", content }] } } });
    expect(services.find((s) => s.name === "ui")?.dependsOn).toContain("redis-credentials");
  });
});

describe("the stack's file", () => {
  const stack = "unit-rotate";
  const folder = mkdtempSync(join(tmpdir(), "ragdock-rotate-"));
  const file = join(folder, "stack.yaml");
  useConfigFile(file);
  afterAll(() => rmSync(folder, { recursive: true }));

  it("keeps its comments and settings when a generation is recorded", () => {
    writeFileSync(
      file,
      "# Whose stack this is.\nconfig:\n  ragdock:system: full # the whole\n  ragdock:services: { gateway: { port: 8088 } }\n",
    );
    expect(generationOf(stack, "postgres")).toBe(1);
    setGeneration(stack, "postgres", 2);
    setGeneration(stack, "redis", 5);
    setGeneration(stack, "postgres", 3);
    expect(generationOf(stack, "postgres")).toBe(3);
    expect(readFileSync(file, "utf8")).toBe(
      "# Whose stack this is.\nconfig:\n  ragdock:system: full # the whole\n  ragdock:services: { gateway: { port: 8088 } }\n" +
        "  ragdock:rotations:\n    postgres: 3\n    redis: 5\n",
    );
  });

  it("gets its first setting if it has none", () => {
    writeFileSync(file, "");
    setGeneration(stack, "postgres", 2);
    expect(generationOf(stack, "postgres")).toBe(2);
  });
});
