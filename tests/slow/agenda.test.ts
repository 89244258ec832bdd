import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { AgendaServer } from "../support/agenda-server.ts";
import { docker, logOf, TestStack } from "../support/stack.ts";
import { SmallRag } from "../systems/small-rag.ts";

/**
 * The collection of events, in a stack with AgendaServer in the place of Open Agenda. These tests do
 * not prove that the real service answers as AgendaServer does.
 */
describe("rag-events that collects an agenda", () => {
  const agenda = 12_345_678;
  const key = "agenda-canary-6b1f0c";
  const server = new AgendaServer(agenda, key, 2);
  const port = 18_207;
  const api = new SmallRag(port);
  const stack = new TestStack("e2e-events-agenda", {});

  beforeAll(async () => {
    const environment = { OPENAGENDA_URL: await server.start() };
    stack.configure({
      system: "rag-events",
      images: "packages",
      openAgenda: { agenda },
      services: { api: { port }, ui: { port: 18_208 }, collector: { environment } },
    });
    server.events = [
      { uid: 1, title: "Bal des pompiers" },
      { uid: 2, title: "Marché de nuit", longDescription: "<p>Lampions &amp; crêpes sur le quai.</p>" },
      {
        uid: 3,
        title: "Concert du phare",
        longDescription: "<p>La fanfare des <b>goélands</b> joue.</p><script>alert(1)</script>",
      },
    ];
  });
  afterAll(async () => {
    await stack.remove();
    server.stop();
  });

  const collector = () => stack.container("collector");
  const collected = (text: RegExp) =>
    eventually(async () => text.exec(await logOf(await collector())) ?? undefined, 120);

  it("is refused without its key, with one line that sets it", async () => {
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain("make secret KEY=openagendaKey STACK=e2e-events-agenda");
    expect(await stack.containers()).toEqual([]);
  });

  it("fails with a wrong key, and says that the key is wrong", async () => {
    await stack.secret("openagendaKey", "not-the-key");
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain("Open Agenda answers 403: the key is wrong, or may not read this agenda");
    expect(output).not.toContain("not-the-key");
  });

  it("collects all pages with the right key, and tries again after 500 and 429", async () => {
    await stack.secret("openagendaKey", key);
    server.failures = [500, 429];
    const begun = server.seen.length;
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    await collected(/3 events: 3 added or changed, 0 removed, 0 without a title or a date/);
    // The container with the wrong key asks until it is replaced.
    expect(server.seen.slice(begun).filter(({ status }) => status !== 403)).toEqual([
      { status: 500, after: "" },
      { status: 429, after: "" },
      { status: 200, after: "" },
      { status: 200, after: "2" },
      { status: 200, after: "4" },
    ]);
  });

  it("finds an event by a question, with clean text, its date and its place in the answer", async () => {
    const { sources } = await api.ask("Où joue la fanfare des goélands ?");
    expect(sources[0]?.document).toBe("3 Concert du phare.md");
    expect(sources[0]?.text).toContain("- When: 2026-11-28 21:30 to 23:00");
    expect(sources[0]?.text).toContain("La fanfare des goélands joue.");
    expect(sources[0]?.text).not.toContain("alert(1)");
  });

  it("removes an event that the agenda no longer has, in the next round", async () => {
    server.events = server.events.slice(1);
    const { code, output } = await stack.make("restart", "--service", "collector");
    expect(code, output).toBe(0);
    await collected(/2 events: 0 added or changed, 1 removed/);
    const documents = (await (await api.get("/documents")).json()) as { name: string }[];
    expect(documents.map(({ name }) => name).sort()).toEqual([
      "2 Marché de nuit.md",
      "3 Concert du phare.md",
    ]);
  });

  it("changes nothing in a second run, and keeps the key out of variables, labels, logs and the state", async () => {
    expect(await stack.unchanged()).toBe("");
    const ids = await stack.containers();
    const texts = [
      await docker("inspect", ...ids),
      ...(await Promise.all(ids.map(logOf))),
      stack.stateText(),
    ];
    expect(texts.join("\n")).not.toContain(key);
  });
});
