import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Observed, observe } from "../support/observe.ts";
import { OpenAIServer } from "../support/openai-server.ts";
import { open } from "../support/program.ts";
import { docker, logOf, TestStack } from "../support/stack.ts";
import { describeSeed } from "./rag-events-seed.ts";
import { fact, handbook, question, SmallRag } from "./small-rag.ts";

/**
 * The tests of rag-events in prod, next to a running stack in dev. OpenAIServer stands in for
 * Mistral.
 */
export function describeProd(dev: TestStack): void {
  describe("rag-events in prod, with Mistral", () => {
    const key = "mistral-canary-7f3a9c";
    const rebuildKey = "rebuild-canary-55e1";
    const mistral = new OpenAIServer(key, 1024);
    const prodPort = 18_205;
    const gate = new SmallRag(prodPort);
    const prod = new TestStack("e2e-events-prod", {});
    let at: Record<string, Observed> = {};

    beforeAll(async () => {
      const baseUrl = await mistral.start();
      prod.configure({
        system: "rag-events",
        environment: "prod",
        ingress: open,
        images: "packages",
        embeddings: { baseUrl },
        llm: { baseUrl },
        services: { api: { port: prodPort }, ui: { port: 18_206 } },
      });
    });
    afterAll(async () => {
      await prod.remove();
      mistral.stop();
    });

    it("is refused without its key, with one line that sets it", async () => {
      const { code, output } = await prod.make("up");
      expect(code).toBe(1);
      expect(output).toContain("ragdock:mistralApiKey");
      expect(output).toContain("make secret KEY=mistralApiKey STACK=e2e-events-prod");
      expect(await prod.containers()).toEqual([]);
    });

    it("starts with its key: two replicas behind a gateway, and no other published port", async () => {
      await prod.secret("mistralApiKey", key);
      await prod.secret("rebuildApiKey", rebuildKey);
      const { code, output } = await prod.make("up");
      expect(code, output).toBe(0);
      at = await observe(prod);
      expect(at.api).toMatchObject({ replicas: 2, ports: [] });
      const published = Object.entries(at).flatMap(([name, s]) => s.ports.map((p) => `${name} ${p}`));
      expect(published.sort()).toEqual([`ingress 0.0.0.0:${prodPort}->8080`, "ingress 0.0.0.0:18206->8082"]);
    });

    describeSeed({ stack: prod, environment: "prod", port: prodPort }, 18_206);

    it("calls the provider in batches with the system's models, and retries after 429 and 5xx", async () => {
      mistral.failures = [429, 503];
      // More passages than one batch can contain.
      const long = Array.from({ length: 400 }, (_, i) =>
        `Paragraph ${i} of the catalogue tells of star number ${i} at length. `.repeat(6),
      );
      await gate.upload("catalogue.md", long.join("\n\n"));
      await gate.upload("handbook.md", handbook);
      const embeddings = mistral.seen.filter((s) => s.path.endsWith("/embeddings"));
      expect(embeddings.slice(0, 3).map((s) => s.status)).toEqual([429, 503, 200]);
      expect(new Set(embeddings.map((s) => s.model))).toEqual(new Set(["mistral-embed"]));
      expect(Math.max(...embeddings.map((s) => s.texts))).toBe(64);
      const { answer, sources } = await gate.ask(question);
      expect(sources[0]?.text).toContain(fact);
      expect(answer).toContain("From the model:");
      expect(mistral.seen.at(-1)).toMatchObject({
        path: "/v1/chat/completions",
        model: "mistral-small-latest",
      });
    });

    it("rebuilds the index for both replicas, only with the right key", async () => {
      const rebuild = (headers: Record<string, string>) => gate.get("/rebuild", { method: "POST", headers });
      expect((await rebuild({})).status).toBe(401);
      expect((await rebuild({ "x-api-key": "wrong" })).status).toBe(403);
      expect((await rebuild({ "x-api-key": rebuildKey })).status).toBe(200);
      for (let i = 0; i < 6; i++) expect((await gate.ask(question)).sources[0]?.text).toContain(fact);
    });

    it("changes nothing in a second run, in dev and prod", async () => {
      for (const each of [prod, dev]) expect(await each.unchanged()).toBe("");
    });

    it("has no key in an environment variable, label, log or clear text of the state", async () => {
      const ids = await prod.containers();
      const inspected = await docker("inspect", ...ids);
      const logs = (await Promise.all(ids.map(logOf))).join("\n");
      for (const canary of [key, rebuildKey]) {
        expect(inspected).not.toContain(canary);
        expect(logs).not.toContain(canary);
        expect(prod.stateText()).not.toContain(canary);
      }
    });
  });
}
