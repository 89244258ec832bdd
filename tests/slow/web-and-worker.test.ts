/** Changes, rotates and removes the stack of examples/web-and-worker, and follows its secrets. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { docker } from "../support/stack.ts";
import { apps, Words } from "../support/words.ts";

const words = new Words("e2e-words-changes", 18_670);
const { stack } = words;

beforeAll(async () => {
  await words.open();
  await words.at("/", { method: "POST", body: "three short words" });
  await eventually(async () => (await words.documents()).length === 1 || undefined);
});
afterAll(() => stack.remove());

describe("a web application and its worker", () => {
  it("get a new generated value by make rotate, and only they are replaced", async () => {
    const before = await words.variables("web");
    const postgres = await stack.containers("postgres");
    const { code, output } = await stack.make("rotate", "--secret", "JWT_SECRET");
    expect(code, output).toBe(0);
    const after = await words.variables("web");
    expect(after.JWT_SECRET).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(after.JWT_SECRET).not.toBe(before.JWT_SECRET);
    expect((await words.variables("worker")).JWT_SECRET).toBe(after.JWT_SECRET);
    expect(after.DATABASE_URL).toBe(before.DATABASE_URL);
    expect(await stack.containers("postgres")).toEqual(postgres);
  });

  it("become a new revision with a new value of the user", async () => {
    const alias = async (): Promise<string> =>
      /web-[0-9a-f]{8}/.exec(await docker("inspect", await stack.container("web")))?.[0] ?? "none";
    const before = await alias();
    await stack.secret("OPENAI_API_KEY", "sk-canary-second");
    await words.up();
    expect((await words.variables("web")).OPENAI_API_KEY).toBe("sk-canary-second");
    expect(await alias()).not.toBe(before);
    expect((await words.documents()).length).toBe(1);
  });

  it("follow a rotation of the database's password", async () => {
    const { code, output } = await stack.make("rotate", "--secret", "postgres");
    expect(code, output).toBe(0);
    expect((await words.variables("worker")).DATABASE_URL).toMatch(/^postgresql:\/\/rag_2:/);
    expect((await words.documents()).length).toBe(1);
  });

  it("get the same generated value after it was removed from the settings and added again", async () => {
    const { JWT_SECRET } = await words.variables("web");
    const rotations = { JWT_SECRET: 2, postgres: 2 };
    const { JWT_SECRET: _, ...rest } = apps.web.secrets;
    const without = { web: { ...apps.web, secrets: rest }, worker: { ...apps.worker, secrets: rest } };
    stack.configure(words.settings({ apps: without, rotations }));
    await words.up();
    expect(await words.variables("web")).not.toHaveProperty("JWT_SECRET");
    stack.configure(words.settings({ rotations }));
    await words.up();
    expect((await words.variables("web")).JWT_SECRET).toBe(JWT_SECRET);
  });

  it("keep running if a new image has no shell, and the message says what to do", async () => {
    const before = await stack.containers("web");
    const shellless = { ...apps.web, source: "tests/support/fixtures/no-shell" };
    stack.configure(
      words.settings({
        apps: { web: shellless, worker: apps.worker },
        rotations: { JWT_SECRET: 2, postgres: 2 },
      }),
    );
    const { code, output } = await stack.make("up");
    expect(code).toBe(1);
    expect(output).toContain("cannot start /bin/sh");
    expect(output).toContain("services.<name>.files");
    expect(await stack.containers("web")).toEqual(before);
    expect((await words.documents()).length).toBe(1);
  });

  it("are gone after down, and have the same secrets when they come back", async () => {
    stack.configure(words.settings({ rotations: { JWT_SECRET: 2, postgres: 2 } }));
    const { JWT_SECRET } = await words.variables("web");
    const down = await stack.make("down");
    expect(down.code, down.output).toBe(0);
    expect(await stack.containers()).toEqual([]);
    await words.up();
    expect((await words.variables("web")).JWT_SECRET).toBe(JWT_SECRET);
    expect((await words.documents()).length).toBe(1);
  });
});
