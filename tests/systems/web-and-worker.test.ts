/**
 * Brings up examples/web-and-worker: two applications of one folder that read variables only, with
 * a volume, a migration and one secret of each kind. Follows the secrets into the processes, and
 * looks for them everywhere else. These tests do not prove that a shell of another kind than dash
 * exports every byte: tests/unit/config/own-app-start.test.ts has bash, too. tests/slow/web-and-worker.test.ts changes and
 * rotates the secrets.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { inside } from "../support/observe.ts";
import { docker, logOf } from "../support/stack.ts";
import { apps, type Document, nasty, Words } from "../support/words.ts";

const words = new Words("e2e-words", 18_660);
const { stack } = words;

beforeAll(() => words.open());
afterAll(() => stack.remove());

describe("a web application and its worker", () => {
  it("work together through queue, database and volume", async () => {
    const answer = await words.at("/", { method: "POST", body: "three short words" });
    const { name, signature } = (await answer.json()) as Document;
    const found = await eventually(async () => (await words.documents()).find((one) => one.name === name));
    expect(found).toEqual({ name, words: 3, signature });
  });

  it("get every secret byte for byte, in the process of the application", async () => {
    const [web, worker] = [await words.variables("web"), await words.variables("worker")];
    expect(web.OPENAI_API_KEY).toBe(nasty);
    expect(worker.OPENAI_API_KEY).toBe(nasty);
    expect(web.JWT_SECRET).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(worker.JWT_SECRET).toBe(web.JWT_SECRET);
    expect(web.DATABASE_URL).toMatch(/^postgresql:\/\/rag_1:[A-Za-z0-9]{32}@postgres:5432\/rag$/);
    const program = (await words.ofApplication("web", "cmdline")).split("\0");
    expect(program.slice(0, 3)).toEqual(["/opt/venv/bin/python3", "/srv/app.py", "web"]);
  });

  it("leave no secret where others can read it", async () => {
    const { JWT_SECRET = "", DATABASE_URL = "" } = await words.variables("web");
    const password = DATABASE_URL.split(/[:@]/)[2] ?? "";
    const containers = await stack.containers();
    const images = new Set((await docker("inspect", "-f", "{{.Image}}", ...containers)).split("\n"));
    const texts = [
      await docker("inspect", ...containers),
      ...(await Promise.all(containers.map(logOf))),
      ...(await Promise.all(
        [...images]
          .filter(Boolean)
          .map(
            async (id) =>
              `${await docker("image", "inspect", id)}${await docker("history", "--no-trunc", id)}`,
          ),
      )),
      stack.stateText(),
      (await stack.make("outputs")).output,
      (await stack.make("preview")).output,
    ];
    for (const value of [JWT_SECRET, password, "sk-canary"]) {
      expect(value.length).toBeGreaterThan(8);
      for (const text of texts) expect(text).not.toContain(value);
    }
  });

  it("have the folders, limits, names and routes of their settings", async () => {
    expect(
      (await inside(stack, "web", "sh", "-c", "touch /srv/cache/x && df /srv/cache | tail -1")).output,
    ).toMatch(/^tmpfs +16384 /);
    expect(await words.ofApplication("web", "limits")).toMatch(/Max open files +4096 +8192 /);
    expect((await inside(stack, "web", "cat", "/etc/hosts")).output).toContain(
      "192.0.2.7\tbooks.example.org",
    );
    expect((await inside(stack, "web", "cat", "/etc/hostname")).output).toBe("words\n");
    expect(await (await words.at("/admin/port")).json()).toBe(9000);
  });

  it("stop at once, because the signal reaches the program", async () => {
    const id = await stack.container("worker");
    const started = performance.now();
    await docker("stop", id);
    expect(performance.now() - started).toBeLessThan(15_000);
    expect(await docker("inspect", "-f", "{{.State.ExitCode}}", id)).toBe("0\n");
    await docker("start", id);
  });

  it("are unchanged by another up", async () => {
    expect(await stack.unchanged()).toBe("");
  });

  it("keep files that they have written outside of a volume until the user says otherwise", async () => {
    expect((await stack.make("up")).output).not.toContain("outside of their volumes");
    const id = await stack.container("web");
    const write = "mkdir -p /srv/uploads/kept /tmp/lost && touch /srv/uploads/kept/x /tmp/lost/x";
    await docker("exec", id, "sh", "-c", write);
    await docker("exec", "-u", "0", id, "sh", "-c", "echo x > /srv/notes.db");
    const noticed = await stack.make("up");
    expect(noticed.code, noticed.output).toBe(0);
    expect(noticed.output).toContain("  web: /srv, such as /srv/notes.db\n");
    expect(noticed.output).toContain("ragdock:apps.web.volumes: [{ name: web-srv, path: /srv }]");
    const changed = { web: { ...apps.web, env: { GREETING: "hello" } }, worker: apps.worker };
    stack.configure(words.settings({ apps: changed }));
    const refused = await stack.make("up");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("make up STACK=e2e-words CONFIRM=e2e-words");
    expect(await stack.container("web")).toBe(id);
    const { code, output } = await stack.make("up", "--confirm", "e2e-words");
    expect(code, output).toBe(0);
    expect(await stack.container("web")).not.toBe(id);
  });

  it("keep such files when they are removed from the settings", async () => {
    const id = await stack.container("worker");
    await docker("exec", "-u", "0", id, "sh", "-c", "echo x > /srv/jobs.db");
    stack.configure(words.settings({ apps: { web: { ...apps.web, env: { GREETING: "hello" } } } }));
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain("  worker: /srv, such as /srv/jobs.db\n");
    expect(output).toContain("To keep them, put the application back into the settings.");
    expect(await stack.container("worker")).toBe(id);
  });
});
