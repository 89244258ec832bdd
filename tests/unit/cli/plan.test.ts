/**
 * Tests plans of changed settings. tests/e2e/full/plan.test.ts compares them with previews of a
 * real stack.
 */
import { describe, expect, it } from "vitest";
import { compare } from "../../../cli/plan/compare.ts";
import { describe as describeStack } from "../../../cli/plan/describe.ts";
import { type Description, nothing } from "../../../cli/plan/description.ts";
import { asMarkdown, asText, exitCode, summary } from "../../../cli/plan/render.ts";
import { facts } from "../../support/program.ts";

const pinned = { app: "app:1", ui: "ui:1" };
const describeSettings = (raw: Record<string, unknown>): Promise<Description> =>
  describeStack({ pinned, ...raw }, facts);
const plain = await describeSettings({});
const planOf = async (raw: Record<string, unknown>) => compare("test", plain, await describeSettings(raw));

describe("the plan of a change", () => {
  it("is empty if the settings are the same", async () => {
    const plan = await planOf({});
    expect(summary(plan)).toBe("nothing changes");
    expect(exitCode(plan)).toBe(0);
  });

  it("names the services that are replaced without a gap, and the reason", async () => {
    const plan = await planOf({ services: { api: { environment: { RAG_LOG_LEVEL: "DEBUG" } } } });
    expect(summary(plan)).toBe("2 replaced without a gap");
    expect(asText([plan])).toContain("environment RAG_LOG_LEVEL: not set → DEBUG");
    expect(exitCode(plan)).toBe(0);
  });

  it("says what is recognised in a folder without a Dockerfile", async () => {
    const source = "tests/support/fixtures/applications/flask-pip";
    const plan = await planOf({ app: { source, port: 8000 } });
    expect(plan.builds).toEqual([
      expect.stringMatching(/^app: Flask application `app` in app\.py, served by /),
    ]);
    expect(asText([plan])).toContain("Builds");
    expect(await planOf({})).toMatchObject({ builds: [] });
  });

  it("has exit code 3 when a store or a published service stops first", async () => {
    const store = await planOf({ services: { redis: { environment: { A: "1" } } } });
    expect(store.steps.filter(({ gap }) => gap).map((step) => step.service)).toEqual(["redis"]);
    expect(exitCode(store)).toBe(3);
    const port = await planOf({ services: { gateway: { port: 9999 } } });
    expect(port.ports).toEqual(["ingress: port 8080, this host only → port 9999, this host only"]);
    expect(exitCode(port)).toBe(3);
  });

  it("has exit code 4 when data is left behind or changes its version", async () => {
    const version = await planOf({ postgresVersion: "18" });
    expect(version.data).toEqual([
      "The volume postgres-data is no longer used. Its data stays on the host.",
      "postgres: PostgreSQL 17 → 18. Run `make upgrade-postgres VERSION=18` instead.",
    ]);
    expect(exitCode(version)).toBe(4);
    const chroma = await describeSettings({ vectorStore: "chroma" });
    const back = compare("test", chroma, plain);
    expect(back.data).toEqual(["The volume chroma-data is no longer used. Its data stays on the host."]);
    expect(exitCode(compare("test", plain, nothing))).toBe(4);
  });

  it("has exit code 1 and the reason when the new settings are wrong", async () => {
    const plan = await planOf({ services: { api: { replicas: 0 } } });
    expect(plan.problems).toEqual(["ragdock:services.api.replicas: found 0; must be at least 1"]);
    expect(exitCode(plan)).toBe(1);
    expect(asText([plan])).toContain("this change would be refused");
  });

  it("shows the rules that the new settings break, including advisory ones", async () => {
    const plan = await planOf({ images: "packages", services: { api: { environment: { API_KEY: "abc" } } } });
    expect(plan.problems).toEqual([]);
    expect(plan.policies).toEqual([
      "no-secret-in-environment (advisory): ragdock:services.api.environment.API_KEY",
      "pinned-images (advisory): ragdock:pinned.app, ragdock:pinned.ui",
    ]);
    expect(asText([plan])).toContain("Policies");
  });

  it("updates memory in place, and keeps containers whose logs alone change", async () => {
    const plan = await planOf({
      services: { worker: { limits: { memory: "2GiB" }, logs: { maxFiles: 9 } } },
    });
    expect(plan.steps.find(({ name }) => name === "worker")).toMatchObject({
      op: "update",
      changes: ["memory"],
    });
    expect(plan.memory[1] - plan.memory[0]).toBeGreaterThan(0);
  });

  it("shows files with the names of their secrets, and no value", async () => {
    const content = "password={{secret:postgres-password}}";
    const plan = await planOf({ services: { api: { files: [{ path: "/.env", content }] } } });
    expect(asMarkdown([plan])).toContain("+password={{secret:postgres-password}}");
  });

  it("shows new and removed replicas as such", async () => {
    const plan = await planOf({ services: { api: { replicas: 3 } } });
    expect(summary(plan)).toBe(
      "1 replica removed, 3 replicas added, 1 replaced without a gap, 2 replaced (monitoring)",
    );
    expect(exitCode(plan)).toBe(0);
  });
});
