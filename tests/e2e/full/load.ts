import { beforeAll, describe, expect, it } from "vitest";
import { underTraffic } from "../../../tools/traffic.ts";
import { docker } from "../../support/stack.ts";
import { port, rag, settings, stack } from "./context.ts";

/** What a user notices of a change while the stack serves: nothing, where a new container comes before the old one goes. */
export function load(): void {
  const none = { failures: {} };

  const change = async (what: Record<string, unknown>): Promise<void> => {
    stack.configure({ ...settings, ...what });
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
  };

  const api = (value: Record<string, unknown>) => ({ services: { ...settings.services, api: value } });

  describe("under a load of 50 requests a second", () => {
    // A busy machine has gaps of its own.
    let quiet = 0;
    beforeAll(async () => {
      quiet = (await underTraffic(port, async () => {}, 8)).gap;
    });

    it("a changed setting of the API loses none", async () => {
      const seen = await underTraffic(port, () => change(api({ environment: { RAG_LOG_LEVEL: "WARNING" } })));
      expect(seen).toMatchObject(none);
      expect(seen.gap).toBeLessThan(1 + quiet);
    });

    it("replicas 1 → 3 → 1 lose none", async () => {
      const seen = await underTraffic(port, async () => {
        await change(api({ replicas: 3 }));
        await change({});
      });
      expect(seen).toMatchObject(none);
      expect(seen.gap).toBeLessThan(1 + quiet);
    });

    it("a changed gateway loses none", async () => {
      const gateway = { ...settings.services.gateway, environment: { CHANGED: "1" } };
      const seen = await underTraffic(port, async () => {
        await change({ services: { ...settings.services, gateway } });
        await change({});
      });
      expect(seen).toMatchObject(none);
      expect(seen.gap).toBeLessThan(1 + quiet);
    });

    it("a changed scrape interval, and with it Prometheus, loses none", async () => {
      const seen = await underTraffic(port, async () => {
        await change({ monitoring: { scrapeInterval: "10s" } });
        await change({});
      });
      expect(seen).toMatchObject(none);
      expect(seen.gap).toBeLessThan(1 + quiet);
    });
  });

  describe("drift", () => {
    it("is none after an up, and the exit code says so", async () => {
      const { code, output } = await stack.make("drift");
      expect(code, output).toBe(0);
    });

    it("names a container whose memory was changed by hand; up with a look at everything mends it", async () => {
      const ui = await stack.container("ui");
      await docker("update", "--memory", "400m", "--memory-swap", "-1", ui);
      const { code, output } = await stack.make("drift");
      expect(code, output).toBe(1);
      expect(output).toMatch(/container ui/);
      const mended = await stack.make("up", "--refresh");
      expect(mended.code, mended.output).toBe(0);
      const memory = (await docker("inspect", "--format", "{{.HostConfig.Memory}}", ui)).trim();
      expect(Number(memory)).toBe(512 * 2 ** 20);
    });

    it("names a network that was removed; up makes it again, and all that was on it", async () => {
      const network = "ragdock-e2e-frontend";
      const format = "{{range .Containers}}{{.Name}} {{end}}";
      const members = (await docker("network", "inspect", "--format", format, network)).trim().split(" ");
      for (const name of members) await docker("network", "disconnect", "--force", network, name);
      await docker("network", "rm", network);
      const { code, output } = await stack.make("drift");
      expect(code, output).toBe(1);
      expect(output).toMatch(/network frontend/);
      const mended = await stack.make("up");
      expect(mended.code, mended.output).toBe(0);
      expect((await stack.make("drift")).code).toBe(0);
      expect((await rag.get("/api/documents")).status).toBe(200);
    });

    it("names a container that was stopped and one that was removed; up mends both", async () => {
      await docker("stop", await stack.container("ui"));
      await docker("rm", "-f", await stack.container("blackbox-exporter"));
      const { code, output } = await stack.make("drift");
      expect(code, output).toBe(1);
      expect(output).toMatch(/container ui/);
      expect(output).toMatch(/container blackbox-exporter/);
      const mended = await stack.make("up");
      expect(mended.code, mended.output).toBe(0);
      expect((await stack.make("drift")).code).toBe(0);
    });
  });
}
