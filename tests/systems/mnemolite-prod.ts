import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { observe } from "../support/observe.ts";
import { open } from "../support/program.ts";
import { TestStack } from "../support/stack.ts";
import { describeSeed } from "./mnemolite-seed.ts";

/** The tests of mnemolite in prod, next to a running stack in dev. */
export function describeProd(dev: TestStack): void {
  describe("mnemolite in prod, next to dev", () => {
    const prod = new TestStack("e2e-mnemo-prod", {
      system: "mnemolite",
      environment: "prod",
      ingress: open,
      images: "packages",
      services: { api: { port: 18_510 } },
    });
    beforeAll(async () => {
      const { code, output } = await prod.make("up");
      expect(code, output).toBe(0);
    });
    afterAll(() => prod.remove());

    it("publishes only the API, on loopback, and mounts no source", async () => {
      const at = await observe(prod);
      const published = Object.entries(at).flatMap(([name, s]) => s.ports.map((p) => `${name} ${p}`));
      expect(published).toEqual(["ingress 127.0.0.1:18510->8080"]);
      for (const service of Object.values(at)) {
        expect(Object.values(service.mounts).filter((mount) => mount.startsWith("/"))).toEqual([]);
      }
    });

    describeSeed({ stack: prod, environment: "prod", port: 18_510 });

    it("changes nothing in a second run, in dev and prod", async () => {
      for (const each of [prod, dev]) expect(await each.unchanged()).toBe("");
    });
  });
}
