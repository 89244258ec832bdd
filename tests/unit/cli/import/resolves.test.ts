/**
 * The settings that the import writes are valid, and what it does not support is reported. These
 * tests do not start anything.
 */
import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { stringify } from "yaml";
import { composeFiles, readCompose } from "../../../../cli/import/read.ts";
import { composeFile } from "./generated.ts";
import { app, written, writtenOf } from "./written.ts";

it("reports what Ragdock does not support, and the settings are still valid", () => {
  const { todos, problems } = app("user: www, privileged: true", "  other: {image: a/web}\n");
  expect(problems).toEqual([]);
  expect(todos.map(({ text }) => text)).toEqual([
    expect.stringContaining("Write the number of its user www"),
    expect.stringContaining("In Compose it is privileged"),
    expect.stringContaining("a/web can refer to another image tomorrow"),
  ]);
});

it("says which port is missing if no service publishes one", () => {
  const { todos, problems } = written("services: {one: {image: 'a/b:1'}}");
  expect(todos[0]?.text).toContain("No service publishes a port");
  expect(problems[0]).toContain("one application must have the route /");
});

it.each(["anchors", "single", "worker"])("the project %s resolves", (name) => {
  const corpus = join(import.meta.dirname, "corpus");
  const { problems } = writtenOf(readCompose(composeFiles(name, corpus), { DB_PASSWORD: "given" }));
  // The folders of the builds are not part of the fixtures.
  expect(problems.filter((text) => !/^ragdock:apps\.[\w-]+\.(source|build)/.test(text))).toEqual([]);
});

it("writes settings that can be read, whatever the Compose file contains", () => {
  fc.assert(
    fc.property(composeFile, (data) => {
      const { settings, text } = written(stringify(data, { aliasDuplicateObjects: false }));
      expect(text).toContain("ragdock:system: full");
      expect(settings.apps).toBeDefined();
    }),
    { numRuns: 100 },
  );
});
