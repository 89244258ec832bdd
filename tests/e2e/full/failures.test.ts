/** Tests the messages of failures. */
import { describe, expect, it } from "vitest";
import { TestStack } from "../../support/stack.ts";
import { port, rag, settings, stack } from "./context.ts";

describe("a failure", () => {
  it("of a taken port names the process that uses it, and the setting for another port", async () => {
    const other = new TestStack("e2e-taken", { ...settings });
    try {
      const { code, output } = await other.make("up");
      expect(code).toBe(1);
      expect(output).toMatch(
        new RegExp(`port ${port} of gateway is taken by the container ragdock-e2e-ingress`),
      );
      expect(output).toMatch(/set ragdock:services\.gateway\.port to \d+ in \S*Pulumi\.e2e-taken\.yaml/);
      expect(await other.containers()).toEqual([]);
    } finally {
      await other.remove();
    }
  });

  it("of a health check is explained by every up until it is fixed", async () => {
    // The exporter wants a login that its health check does not have.
    const environment = {
      REDIS_EXPORTER_BASIC_AUTH_USERNAME: "anna",
      REDIS_EXPORTER_BASIC_AUTH_PASSWORD: "not known to the check",
    };
    const broken = { "redis-exporter": { environment } };
    stack.configure({ ...settings, services: { ...settings.services, ...broken } });
    for (const _ of ["first", "second"]) {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(1);
      expect(output).toMatch(/redis-exporter \(ragdock-e2e-redis-exporter-\w+\) is (unhealthy|starting)/);
      expect(output).toContain("Last health check: exit code 1");
      expect(output).toContain("End of its log:");
    }
    stack.configure(settings);
    const repaired = await stack.make("up");
    expect(repaired.code, repaired.output).toBe(0);
  });

  it("of a migration stops the deployment, the old revision keeps running, and the next up tries again", async () => {
    const api = await stack.containers("api");
    const broken = { migrate: { environment: { RAG_DATABASE_NAME: "nowhere" } } };
    stack.configure({ ...settings, services: { ...settings.services, ...broken } });
    for (const _ of ["first", "second"]) {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(1);
      expect(output).toMatch(/The job "migrate" ended with exit code [1-9]/);
      expect(output).toContain("nowhere");
      expect(await stack.containers("api")).toEqual(api);
      expect((await rag.get("/api/ready")).status).toBe(200);
    }
    stack.configure(settings);
    const repaired = await stack.make("up");
    expect(repaired.code, repaired.output).toBe(0);
  });

  it("of a build shows the end of its log", async () => {
    stack.configure({ ...settings, app: { source: "tests/e2e/broken-app" } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code, output).toBe(1);
    expect(output).toContain("this app cannot be built, and says so");
    // Services that do not depend on the image have already changed. For example, Prometheus has
    // the new configuration.
    const repaired = await stack.make("up");
    expect(repaired.code, repaired.output).toBe(0);
  });

  it("of several settings is reported at once, before anything changes", async () => {
    const before = await stack.containers();
    stack.configure({ ...settings, images: "dockr", services: { api: { replicas: 0 }, nosuch: {} } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code).toBe(1);
    for (const path of ["ragdock:images", "ragdock:services.api.replicas"]) expect(output).toContain(path);
    expect(await stack.containers()).toEqual(before);
  });
});
