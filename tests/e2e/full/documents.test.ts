/** Tests the HTTP API: documents, answers with their sources, and the errors of wrong requests. */
import { describe, expect, it } from "vitest";
import { eventually } from "../../../tools/eventually.ts";
import { pdf } from "../../support/rag.ts";
import { prometheus, rag } from "./context.ts";

describe("documents and questions", () => {
  const facts = {
    "capybara.md": [
      "text/markdown",
      "# Capybaras\n\nThe capybara Ludovico lives in the moat of castle Brunnfels.\n",
    ],
    "bridge.txt": [
      "text/plain",
      "The bridge over the river Ulm was painted vermilion in 1987 by Greta Holm.\n",
    ],
    "cheese.html": [
      "text/html",
      "<html><body><h1>Cheese</h1><p>Tilmans cheese ripens 400 days in a salt mine.</p></body></html>",
    ],
    "comet.pdf": ["application/pdf", pdf("Comet Wiegand returns every seventy-three years and glows green.")],
  } as const;

  it.each(Object.entries(facts))("ingests %s", async (name, [type, body]) => {
    const document = await rag.upload(name, type, body);
    expect(document).toMatchObject({ state: "ready" });
    expect(document.chunks).toBeGreaterThan(0);
  });

  it.each([
    ["Where does the capybara Ludovico live?", "capybara.md", "moat of castle Brunnfels"],
    ["Who painted the bridge?", "bridge.txt", "Greta Holm"],
    ["How long does the cheese ripen?", "cheese.html", "400 days"],
    ["How often does the comet return?", "comet.pdf", "seventy-three years"],
  ])("answers %j with the right passage first", async (question, document, words) => {
    const answer = await rag.ask(question);
    expect(answer.sources[0]?.text).toContain(words);
    expect(JSON.stringify(answer.sources[0])).toContain(document);
    expect(answer.answer).toContain(words);
    expect(Object.keys(answer.timings).length).toBeGreaterThan(0);
  });

  it("streams the answer on request", async () => {
    const response = await rag.post(
      "/api/query",
      { question: "Who painted the bridge?", k: 2 },
      { accept: "text/event-stream" },
    );
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text();
    expect(text).toContain("event: sources");
    expect(text).toContain("event: done");
    expect(text).toContain("Greta Holm");
  });

  it("does not find a deleted document", async () => {
    const { id } = await rag.upload("gone.txt", "text/plain", "The zeppelin Aurelia was scrapped in Turku.");
    expect((await rag.get(`/api/documents/${id}`, { method: "DELETE" })).status).toBeLessThan(300);
    expect((await rag.get(`/api/documents/${id}`)).status).toBe(404);
    const answer = await rag.ask("Where was the zeppelin Aurelia scrapped?");
    expect(JSON.stringify(answer.sources)).not.toContain("Turku");
  });

  it.each<[string, () => Promise<Response>]>([
    ["an unknown type", () => rag.send("x.exe", "application/octet-stream", "MZ")],
    ["an empty file", () => rag.send("x.txt", "text/plain", "")],
    ["no file", () => rag.post("/api/documents", {})],
    ["broken JSON", () => rag.post("/api/query", "{")],
    ["an empty question", () => rag.post("/api/query", { question: " ", k: 3 })],
    ["k out of range", () => rag.post("/api/query", { question: "x", k: 0 })],
    ["k that is no number", () => rag.post("/api/query", { question: "x", k: "many" })],
    ["an id that is none", () => rag.get("/api/documents/none")],
    ["an unknown path", () => rag.get("/api/nothing")],
    ["a wrong method", () => rag.get("/api/documents", { method: "PUT" })],
    ["a body far too large", () => rag.send("big.txt", "text/plain", "x".repeat(30 * 2 ** 20))],
  ])("answers %s with a 4xx and a reason", async (_, request) => {
    const response = await request();
    const body = await response.text();
    expect(response.status, body).toBeGreaterThanOrEqual(400);
    expect(response.status, body).toBeLessThan(500);
    expect(JSON.parse(body)).toMatchObject({ title: expect.any(String), detail: expect.any(String) });
  });

  it("reports its ready dependencies, and serves its documentation", async () => {
    expect((await rag.get("/api/health")).status).toBe(200);
    const ready = await rag.get("/api/ready");
    expect(ready.status).toBe(200);
    const words = await ready.text();
    for (const name of ["database", "redis", "vector store"]) expect(words.toLowerCase()).toContain(name);
    expect((await rag.get("/api/docs")).status).toBe(200);
    expect((await rag.get("/api/openapi.json")).status).toBe(200);
  });

  it("does not serve metrics through the gateway", async () => {
    // Prometheus has this metric, so the API serves it.
    const served = await eventually(async () => {
      const { result } = await prometheus<{ result: unknown[] }>("query?query=http_requests_total");
      return result.length > 0 ? result : undefined;
    });
    expect(served.length).toBeGreaterThan(0);
    expect((await rag.get("/api/metrics")).status).toBe(404);
    for (const path of ["/metrics", "/api/metrics", "/api/../metrics"])
      expect(await (await rag.get(path)).text(), path).not.toContain("http_requests_total");
  });
});
