import { describe, expect, it } from "vitest";
import { Rag } from "../../support/rag.ts";
import { docker, TestStack } from "../../support/stack.ts";
import { rag, settings, stack } from "./context.ts";

/** Running again, previews, outputs, a second stack, down and up. */
export function changes(): void {
  describe("running it again", () => {
    it("changes nothing, and says so", async () => {
      const before = await stack.containers();
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(0);
      expect(output).toContain("Nothing created, updated or replaced");
      expect(await stack.containers()).toEqual(before);
      expect((await stack.make("preview")).output).toContain("Nothing would change.");
    });

    it("previews one edited setting as just that", async () => {
      stack.configure({ ...settings, services: { ...settings.services, alertmanager: { port: 19_094 } } });
      const { code, output } = await stack.make("preview");
      stack.configure(settings);
      expect(code, output).toBe(0);
      expect(output.match(/^[+~±-] .*/gm)).toEqual(["± container alertmanager: replace"]);
      expect(output).toContain("19094");
    });

    it("gives a service more memory without replacing it", async () => {
      const before = await stack.containers("worker");
      const services = { ...settings.services, worker: { limits: { memory: "1GiB" } } };
      stack.configure({ ...settings, services });
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(0);
      // Prometheus follows: the limit is a series in its rules.
      expect(output.match(/[+~±-] container [\w-]+: \w+/g)?.sort()).toEqual([
        "~ container worker: updated",
        "± container prometheus: replaced",
      ]);
      expect(await stack.containers("worker")).toEqual(before);
      const [{ HostConfig }] = JSON.parse(await docker("inspect", await stack.container("worker")));
      expect(HostConfig.Memory).toBe(2 ** 30);
    });

    it("prints its outputs as JSON, with the URLs that answer", async () => {
      const outputs = JSON.parse((await stack.make("outputs")).output);
      expect(Object.keys(outputs.urls).sort()).toEqual([
        "alertmanager",
        "api",
        "gateway",
        "prometheus",
        "ui",
      ]);
      for (const url of [outputs.urls.gateway, `${outputs.urls.api}/health`, outputs.urls.prometheus]) {
        expect((await fetch(url)).status, url).toBe(200);
      }
    });
  });

  describe("a second stack", () => {
    it("comes up in prod beside the first, which does not notice", async () => {
      const prod = new TestStack("e2e-prod", {
        system: "full",
        environment: "prod",
        images: "packages",
        services: { gateway: { port: 18_081 } },
      });
      try {
        const before = await stack.containers();
        const { code, output } = await prod.make("up");
        expect(code, output).toBe(0);
        expect(await stack.containers()).toEqual(before);
        expect(await prod.containers("api")).toHaveLength(2);
        const other = new Rag(18_081);
        await other.upload("prod.txt", "text/plain", "The lighthouse keeper of Skagen collects barometers.");
        expect((await other.ask("What does the lighthouse keeper collect?")).answer).toContain("barometers");
        expect(
          JSON.stringify((await rag.ask("What does the lighthouse keeper collect?")).sources),
        ).not.toContain("barometers");
        const [ingress] = JSON.parse(await docker("inspect", await prod.container("ingress")));
        expect(JSON.stringify(ingress.HostConfig.PortBindings)).toContain("0.0.0.0");
        expect(await prod.unchanged()).toBe("");
      } finally {
        await prod.remove();
      }
    });
  });

  describe("down", () => {
    it("removes everything but the data, and up finds the documents again", async () => {
      const volumes = await stack.volumes();
      const { code, output } = await stack.make("down");
      expect(code, output).toBe(0);
      expect(await stack.containers()).toEqual([]);
      expect(await stack.volumes()).toEqual(volumes);
      const again = await stack.make("up");
      expect(again.code, again.output).toBe(0);
      expect((await rag.ask("Who painted the bridge?")).answer).toContain("Greta Holm");
    });

    it("deletes data only when told so twice", async () => {
      const refused = await stack.make("destroy-data");
      expect(refused.code).toBe(1);
      expect(refused.output).toContain("CONFIRM=e2e");
      expect(await stack.volumes()).not.toEqual([]);
      const done = await stack.make("destroy-data", "--confirm", "e2e");
      expect(done.code, done.output).toBe(0);
      expect(await stack.volumes()).toEqual([]);
    });
  });
}
