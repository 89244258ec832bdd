/**
 * Tests what `data import` accepts and counts. tests/systems/rag-events.test.ts imports a folder
 * into a running stack.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { isCustomDump, missingRows, requireDump, rowsInDump } from "../../../cli/import/data/dump.ts";
import { chosenPart, confirmCommand, ownedBy } from "../../../cli/import/data/import.ts";
import { systemWith } from "../../support/program.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-dump-"));
afterAll(() => rmSync(folder, { recursive: true }));

const fileWith = (name: string, text: string): string => {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
};

describe("a dump", () => {
  const sql = fileWith(
    "dump.sql",
    'CREATE TABLE public.notes (id int);\nCOPY public.notes (id) FROM stdin;\n1\n2\n\\.\nCOPY "app"."Odd" (id) FROM stdin;\n\\.\n',
  );

  it("contains the rows of its COPY blocks", async () => {
    expect(await rowsInDump(sql)).toEqual({ "public.notes": 2, "app.Odd": 0 });
  });

  it("in the custom format is recognised by its first bytes", async () => {
    expect(await isCustomDump(sql)).toBe(false);
    expect(await isCustomDump(fileWith("dump", "PGDMP\u0001"))).toBe(true);
  });

  it("is refused if it is empty or compressed", async () => {
    await expect(requireDump(sql, "dump.sql")).resolves.toBeUndefined();
    await expect(requireDump(fileWith("empty", ""), "empty")).rejects.toThrow("empty is empty.");
    const packed = fileWith("my dump.gz", "");
    writeFileSync(packed, gzipSync("SELECT 1;"));
    await expect(requireDump(packed, "my dump.gz")).rejects.toMatchObject({
      advice: "Unpack it first: gunzip --keep 'my dump.gz'",
    });
  });

  it("is compared with the rows that the server has in addition", () => {
    const before = { "public.notes": { rows: 5, sum: "" } };
    const after = { "public.notes": { rows: 7, sum: "" } };
    expect(missingRows({ "public.notes": 2, "public.parent": 9 }, before, after)).toEqual([]);
    expect(missingRows({ "public.notes": 3 }, before, after)).toEqual(["public.notes: 2 rows instead of 3"]);
  });
});

describe("the confirmation of an import", () => {
  const wish = { stack: "dev", path: "data", service: "api", volume: undefined, confirm: undefined };

  it("repeats what the user named", () => {
    expect(confirmCommand(wish)).toBe("./ragdock data import data --service api --stack dev --confirm dev");
    expect(confirmCommand({ ...wish, volume: "uploads" })).toBe(
      "./ragdock data import data --service api --volume uploads --stack dev --confirm dev",
    );
  });
});

describe("the target of an import", () => {
  const events = systemWith({ system: "rag-events" });

  it("is by default the only volume of a service", () => {
    expect(chosenPart(events, { service: "api", volume: undefined })).toMatchObject({ volume: "data" });
    expect(chosenPart(systemWith({}), { service: "postgres", volume: undefined }).kind).toBe("postgres");
  });

  it("is refused with the possible volumes if it does not exist", () => {
    expect(() => chosenPart(events, { service: "ui", volume: undefined })).toThrow(
      "no data volume with this name",
    );
    expect(() => chosenPart(events, { service: "api", volume: "other" })).toThrow(
      "no data volume with this name",
    );
  });

  it("is not a store outside of the stack", () => {
    const external = { host: "db", database: "d", user: "u", tls: "disable" };
    const system = systemWith({ postgres: { external } }, { secrets: new Set(["postgresPassword"]) });
    expect(() => chosenPart(system, { service: "postgres", volume: undefined })).toThrow(
      "postgres is outside of the stack, at db:5432 (ragdock:postgres.external).",
    );
  });

  it.each([
    ["10001:10002", ["--owner=:10001", "--group=:10002", "--numeric-owner"]],
    ["1000", ["--owner=:1000", "--group=:1000", "--numeric-owner"]],
    ["app", ["--numeric-owner"]],
    [undefined, ["--numeric-owner"]],
  ])("gets the user %s of the service", (user, options) => {
    expect(ownedBy(user)).toEqual(options);
  });

  it("gets that user in the archive", () => {
    const args = ["-C", folder, ...ownedBy("10001:10002"), "-cf", "-", "."];
    const archive = execFileSync("tar", args);
    const listed = execFileSync("tar", ["--numeric-owner", "-tvf", "-"], {
      input: archive,
      encoding: "utf8",
    });
    for (const line of listed.trim().split("\n")) expect(line).toContain(" 10001/10002 ");
  });
});
