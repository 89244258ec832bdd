/** What a person is told when something goes wrong. */
import { describe, expect, it } from "vitest";
import { TestStack } from "../../support/stack.ts";
import { port, rag, settings, stack } from "./context.ts";

describe("failures in words", () => {
  it("names who has a port, and the setting that moves ours", async () => {
    const other = new TestStack("e2e-taken", { ...settings });
    try {
      const { code, output } = await other.make("up");
      expect(code).toBe(1);
      expect(output).toMatch(
        new RegExp(`port ${port} of gateway is taken by the container ragdock-e2e-ingress`),
      );
      expect(output).toContain("pulumi config set --stack e2e-taken --path 'ragdock:services.gateway.port'");
      expect(await other.containers()).toEqual([]);
    } finally {
      await other.remove();
    }
  });

  it("says what is wrong with a service that never gets healthy, again at the next up, until it is mended", async () => {
    // The exporter listens where its probe does not ask.
    const broken = { "redis-exporter": { environment: { REDIS_EXPORTER_WEB_LISTEN_ADDRESS: ":9999" } } };
    stack.configure({ ...settings, services: { ...settings.services, ...broken } });
    for (const _ of ["first", "second"]) {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(1);
      expect(output).toMatch(/redis-exporter \(ragdock-e2e-redis-exporter-\w+\) is (unhealthy|starting)/);
      expect(output).toContain("Last health check: exit code 1");
      expect(output).toContain("End of its log:");
    }
    stack.configure(settings);
    const mended = await stack.make("up");
    expect(mended.code, mended.output).toBe(0);
  });

  it("stops the roll-out when a migration fails; what ran before goes on, and the next up tries again", async () => {
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
    const mended = await stack.make("up");
    expect(mended.code, mended.output).toBe(0);
  });

  it("shows the end of the log when an image cannot be built", async () => {
    stack.configure({ ...settings, app: { source: "tests/e2e/broken-app" } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code, output).toBe(1);
    expect(output).toContain("this app cannot be built, and says so");
    // What does not wait for the image had changed already: Prometheus, for one, knew of the new app.
    const mended = await stack.make("up");
    expect(mended.code, mended.output).toBe(0);
  });

  it("reports every wrong setting before anything is touched", async () => {
    const before = await stack.containers();
    stack.configure({ ...settings, images: "dockr", services: { api: { replicas: 0 }, nosuch: {} } });
    const { code, output } = await stack.make("up");
    stack.configure(settings);
    expect(code).toBe(1);
    for (const path of ["ragdock:images", "ragdock:services.api.replicas"]) expect(output).toContain(path);
    expect(await stack.containers()).toEqual(before);
  });
});
