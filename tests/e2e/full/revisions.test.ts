/**
 * Tests a bad revision and its rollback. `make reliability` tests images, and revisions that take
 * longer to fail.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { underTraffic } from "../../../tools/traffic.ts";
import { port, settings, stack } from "./context.ts";

describe("a bad revision", () => {
  it("gets no requests, and is rolled back", async () => {
    const before = await stack.containers("api");
    const good = readFileSync(stack.file, "utf8");
    const environment = { RAG_LOG_LEVEL: "LOUD" };
    stack.configure({ ...settings, services: { ...settings.services, api: { environment } } });
    const seen = await underTraffic({ port }, async () => {
      const bad = await stack.make("up");
      expect(bad.code, bad.output).toBe(1);
      expect(bad.output).toMatch(/api \(ragdock-e2e-api-\w+\) is/);
      expect(bad.output).toContain("RAG_LOG_LEVEL");
      expect(bad.output).toMatch(/It crashed \d+ times and was never healthy, so it was removed/);
      const [, log = ""] = /Its whole log: (\S+)/.exec(bad.output) ?? [];
      expect(readFileSync(log, "utf8")).toContain("LOUD");
      expect(await stack.containers("api")).toEqual(expect.arrayContaining(before));
      const back = await stack.make("rollback");
      expect(back.code, back.output).toBe(0);
      expect(back.output).toMatch(/Returned to the deployment of \d{4}-/);
    });
    expect(seen.failures, JSON.stringify(seen.failures)).toEqual({});
    expect(readFileSync(stack.file, "utf8")).toBe(good);
    expect(await stack.containers("api")).toHaveLength(1);
  });
});
