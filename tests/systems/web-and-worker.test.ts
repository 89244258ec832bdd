/**
 * Brings up examples/web-and-worker: two applications of one folder that read variables only, with
 * a volume, a migration and one secret of each kind. Follows the secrets into the processes, and
 * looks for them everywhere else. These tests do not prove that a shell of another kind than dash
 * exports every byte: tests/unit/config/own-app-start.test.ts has bash, too.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { inside } from "../support/observe.ts";
import { unwatched } from "../support/program.ts";
import { docker, eventually, logOf, projectDir, TestStack } from "../support/stack.ts";

const port = 18_660;
const example = readFileSync(join(projectDir, "examples/web-and-worker/Pulumi.words.yaml"), "utf8");
const apps = parse(example).config["ragdock:apps"];
const settings = (more: Record<string, unknown> = {}) => ({
  system: "full",
  images: "packages",
  apps: {
    web: {
      ...apps.web,
      ulimits: { nofile: { soft: 4096, hard: 8192 } },
      extraHosts: { "books.example.org": "192.0.2.7" },
      hostname: "words",
    },
    worker: apps.worker,
  },
  services: { gateway: { port }, ...unwatched },
  ...more,
});
/** Quotes, signs that shells and URLs read, and line ends. */
const nasty = `sk-canary-$HOME-\`id\`-%41-"it's"-\\n\n  second line \n\n`;

const stack = new TestStack("e2e-words", {});
afterAll(() => stack.remove());

const at = (path: string, init?: RequestInit): Promise<Response> =>
  fetch(`http://127.0.0.1:${port}${path}`, init);

interface Document {
  readonly name: string;
  readonly words: number;
  readonly signature: string;
}

const documents = async (): Promise<Document[]> => (await at("/")).json() as Promise<Document[]>;

/** The variables of the first process of a service. */
async function variables(service: string): Promise<Record<string, string>> {
  const { output } = await inside(stack, service, "cat", "/proc/1/environ");
  return Object.fromEntries(
    output.split("\0").map((line) => [line.split("=", 1)[0], line.slice(line.indexOf("=") + 1)]),
  );
}

async function up(): Promise<string> {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  return output;
}

describe("a web application and its worker", () => {
  beforeAll(async () => {
    stack.configure(settings());
    const refused = await stack.make("up");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("make secret KEY=OPENAI_API_KEY STACK=e2e-words");
    expect(await stack.containers()).toEqual([]);
    // One line end is left out, as Pulumi does.
    await stack.secret("OPENAI_API_KEY", `${nasty}\n`);
    await up();
  });

  it("work together through queue, database and volume", async () => {
    const answer = await at("/", { method: "POST", body: "three short words" });
    const { name, signature } = (await answer.json()) as Document;
    const found = await eventually(async () => (await documents()).find((one) => one.name === name));
    expect(found).toEqual({ name, words: 3, signature });
  });

  it("get every secret byte for byte, in the first process of the container", async () => {
    const [web, worker] = [await variables("web"), await variables("worker")];
    expect(web.OPENAI_API_KEY).toBe(nasty);
    expect(worker.OPENAI_API_KEY).toBe(nasty);
    expect(web.JWT_SECRET).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(worker.JWT_SECRET).toBe(web.JWT_SECRET);
    expect(web.DATABASE_URL).toMatch(/^postgresql:\/\/rag_1:[A-Za-z0-9]{32}@postgres:5432\/rag$/);
    const program = (await inside(stack, "web", "cat", "/proc/1/cmdline")).output.split("\0");
    expect(program.slice(0, 3)).toEqual(["/opt/venv/bin/python3", "/srv/app.py", "web"]);
  });

  it("leave no secret where others can read it", async () => {
    const { JWT_SECRET = "", DATABASE_URL = "" } = await variables("web");
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
    expect((await inside(stack, "web", "cat", "/proc/1/limits")).output).toMatch(
      /Max open files +4096 +8192 /,
    );
    expect((await inside(stack, "web", "cat", "/etc/hosts")).output).toContain(
      "192.0.2.7\tbooks.example.org",
    );
    expect((await inside(stack, "web", "cat", "/etc/hostname")).output).toBe("words\n");
    expect(await (await at("/admin/port")).json()).toBe(9000);
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

  it("get a new generated value by make rotate, and only they are replaced", async () => {
    const before = await variables("web");
    const postgres = await stack.containers("postgres");
    const { code, output } = await stack.make("rotate", "--secret", "JWT_SECRET");
    expect(code, output).toBe(0);
    const after = await variables("web");
    expect(after.JWT_SECRET).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(after.JWT_SECRET).not.toBe(before.JWT_SECRET);
    expect((await variables("worker")).JWT_SECRET).toBe(after.JWT_SECRET);
    expect(after.DATABASE_URL).toBe(before.DATABASE_URL);
    expect(await stack.containers("postgres")).toEqual(postgres);
  });

  it("become a new revision with a new value of the user", async () => {
    const alias = async (): Promise<string> =>
      /web-[0-9a-f]{8}/.exec(await docker("inspect", await stack.container("web")))?.[0] ?? "none";
    const before = await alias();
    await stack.secret("OPENAI_API_KEY", "sk-canary-second");
    await up();
    expect((await variables("web")).OPENAI_API_KEY).toBe("sk-canary-second");
    expect(await alias()).not.toBe(before);
    expect((await documents()).length).toBe(1);
  });

  it("follow a rotation of the database's password", async () => {
    const { code, output } = await stack.make("rotate", "--secret", "postgres");
    expect(code, output).toBe(0);
    expect((await variables("worker")).DATABASE_URL).toMatch(/^postgresql:\/\/rag_2:/);
    expect((await documents()).length).toBe(1);
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
    const rotations = { JWT_SECRET: 2, postgres: 2 };
    const changed = { web: { ...apps.web, env: { GREETING: "hello" } }, worker: apps.worker };
    stack.configure(settings({ apps: changed, rotations }));
    const refused = await stack.make("up");
    expect(refused.code).toBe(1);
    expect(refused.output).toContain("make up STACK=e2e-words CONFIRM=e2e-words");
    expect(await stack.container("web")).toBe(id);
    const { code, output } = await stack.make("up", "--confirm", "e2e-words");
    expect(code, output).toBe(0);
    expect(await stack.container("web")).not.toBe(id);
  });

  it("get the same generated value after it was out of the settings", async () => {
    const { JWT_SECRET } = await variables("web");
    const rotations = { JWT_SECRET: 2, postgres: 2 };
    const { JWT_SECRET: _, ...rest } = apps.web.secrets;
    const without = { web: { ...apps.web, secrets: rest }, worker: { ...apps.worker, secrets: rest } };
    stack.configure(settings({ apps: without, rotations }));
    await up();
    expect(await variables("web")).not.toHaveProperty("JWT_SECRET");
    stack.configure(settings({ rotations }));
    await up();
    expect((await variables("web")).JWT_SECRET).toBe(JWT_SECRET);
  });

  it("keep running if a new image has no shell, and the message says what to do", async () => {
    const before = await stack.containers("web");
    const shellless = { ...apps.web, source: "tests/support/fixtures/no-shell" };
    stack.configure(
      settings({ apps: { web: shellless, worker: apps.worker }, rotations: { JWT_SECRET: 2, postgres: 2 } }),
    );
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain("cannot start /bin/sh");
    expect(output).toContain("services.<name>.files");
    expect(await stack.containers("web")).toEqual(before);
    expect((await documents()).length).toBe(1);
  });

  it("are gone after down, and have the same secrets when they come back", async () => {
    stack.configure(settings({ rotations: { JWT_SECRET: 2, postgres: 2 } }));
    const { JWT_SECRET } = await variables("web");
    const down = await stack.make("down");
    expect(down.code, down.output).toBe(0);
    expect(await stack.containers()).toEqual([]);
    await up();
    expect((await variables("web")).JWT_SECRET).toBe(JWT_SECRET);
    expect((await documents()).length).toBe(1);
  });
});
