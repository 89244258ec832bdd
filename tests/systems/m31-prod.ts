import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Observed, observe } from "../support/observe.ts";
import { open } from "../support/program.ts";
import { TestStack } from "../support/stack.ts";
import { describeSeed } from "./m31-seed.ts";
import { SmallRag } from "./small-rag.ts";

/**
 * The tests of m31 in prod, next to a running stack in dev.
 * @param web the API of the stack in dev
 */
export function describeProd(dev: TestStack, web: SmallRag): void {
  describe("m31 in prod, next to dev", () => {
    const prodPort = 18_105;
    const prod = new TestStack("e2e-m31-prod", {
      system: "m31",
      environment: "prod",
      ingress: open,
      images: "packages",
      services: { web: { port: prodPort } },
    });
    let services: Record<string, Observed> = {};
    beforeAll(async () => {
      const { code, output } = await prod.make("up");
      expect(code, output).toBe(0);
      services = await observe(prod);
    });
    afterAll(() => prod.remove());

    it("has two replicas behind one public port, and hides the metrics", async () => {
      expect(services.web).toMatchObject({ replicas: 2, ports: [], memory: 2048 });
      expect(services.ingress?.ports).toEqual([`0.0.0.0:${prodPort}->8080`]);
      const others = Object.entries(services).filter(([name]) => name !== "ingress");
      for (const [name, service] of others) expect(service.ports, name).toEqual([]);
      expect((await new SmallRag(prodPort).get("/metrics")).status).toBe(404);
    });

    describeSeed({ stack: prod, environment: "prod", port: prodPort });

    it("does not affect dev, and changes nothing in a second run", async () => {
      expect((await web.get("/health")).status).toBe(200);
      for (const each of [prod, dev]) expect(await each.unchanged()).toBe("");
    });
  });
}
