/**
 * What a rotation changes in a system as data, and in a stack's file. Does not prove that a store takes the new password
 * and refuses the old one: tests/e2e/rotate.test.ts does.
 */
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { generationOf, setGeneration } from "../../../cli/stack-file.ts";
import { resolveSystem } from "../../../config/resolve.ts";
import { rotatable } from "../../../config/spec/secrets.ts";
import type { ServiceSpec, SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { projectDir } from "../../../host/paths.ts";

const facts = { project: "ragdock", stack: "test", secrets: new Set<string>(), host: {} };

/** Names of the services that a change of settings changes. */
function changed(before: SystemSpec, after: SystemSpec): string[] {
  const text = (s: ServiceSpec | undefined): string => JSON.stringify(s);
  const own = before.services.filter(
    (s) => text(s) !== text(after.services.find(({ name }) => name === s.name)),
  );
  // A secret of another generation is another value in the same file.
  const others = Object.entries(after.secrets)
    .filter(([name, source]) => JSON.stringify(source) !== JSON.stringify(before.secrets[name]))
    .map(([name]) => `{{secret:${name}}}`);
  const delivered = after.services.filter((s) =>
    s.files.some(({ content }) => others.some((place) => content.includes(place))),
  );
  return [...new Set([...own, ...delivered].map((s) => s.name))].sort();
}

describe("a rotation", () => {
  it.each(["postgres", "redis"])(
    "of %s changes its clients and the job before them, and no store",
    (store) => {
      const after = resolveSystem({ rotations: { [store]: 2 } }, facts);
      expect(changed(resolveSystem({}, facts), after)).toEqual(
        ["api", "migrate", `${store}-credentials`, `${store}-exporter`, "worker"].sort(),
      );
      expect(after.secrets[`${store}-password`]).toEqual({ from: "generated", generation: 2 });
      expect(after.secrets[`${store}-user`]).toEqual({ from: "value", value: "rag_2" });
      expect(after.secrets[`${store}-admin-password`]).toEqual({ from: "generated" });
    },
  );

  it("of myrag's metrics path changes who serves there and who asks there", () => {
    const [before, after] = [{}, { rotations: { "metrics-path": 2 } }].map((raw) =>
      resolveSystem({ system: "myrag", ...raw }, facts),
    );
    expect(changed(before as SystemSpec, after as SystemSpec)).toEqual(["fastapi", "prometheus"]);
  });

  it("is there for every secret that a system generates, but not for its stores' administrators", () => {
    const choices = Object.fromEntries(
      Object.keys(systems).map((system) => [
        system,
        rotatable(resolveSystem({ system }, facts).secrets).sort(),
      ]),
    );
    expect(choices).toEqual({
      full: ["grafana", "postgres", "redis"],
      myrag: ["grafana", "metrics-path", "postgres"],
      m31: ["redis"],
      "rag-events": [],
      financerag: [],
      mnemolite: ["postgres"],
    });
  });
});

describe("whoever has a store's password", () => {
  it.each(Object.keys(systems))("waits in %s until the store knows it", (system) => {
    const { services } = resolveSystem({ system }, facts);
    for (const store of services.filter(
      (s) => s.kind === "stateful" && ["postgres", "redis"].includes(s.role),
    )) {
      const place = `{{secret:${store.role}-password}}`;
      const clients = services.filter((s) => s.files.some(({ content }) => content.includes(place)));
      expect(clients.length).toBeGreaterThan(1);
      expect(clients.map((s) => s.name)).not.toContain(store.name);
      for (const client of clients.filter((s) => s.name !== `${store.name}-credentials`))
        expect(client.dependsOn, client.name).toContain(`${store.name}-credentials`);
    }
  });

  it("waits when only a file of the user's own has it", () => {
    const content = "{{secret:redis-user}} {{secret:redis-password}}";
    const { services } = resolveSystem({ services: { ui: { files: [{ path: "/.env", content }] } } }, facts);
    expect(services.find((s) => s.name === "ui")?.dependsOn).toContain("redis-credentials");
  });
});

describe("the stack's file", () => {
  const stack = "unit-rotate";
  const file = join(projectDir, `Pulumi.${stack}.yaml`);
  afterAll(() => rmSync(file, { force: true }));

  it("keeps its comments and settings when a generation is noted", () => {
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

  it("gets its first setting when it has none", () => {
    writeFileSync(file, "");
    setGeneration(stack, "postgres", 2);
    expect(generationOf(stack, "postgres")).toBe(2);
  });
});
