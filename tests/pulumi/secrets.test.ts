/**
 * Deploys examples/web-and-worker with the real Pulumi CLI and images from a registry, and follows
 * the secrets of its applications: one of each kind. These tests do not prove that the official
 * images work: the registry serves the stand-ins.
 */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { unwatched } from "../support/program.ts";
import { TestRegistry } from "../support/registry.ts";
import { docker, logOf } from "../support/stack.ts";
import { apps } from "../support/words.ts";
import { CliStack, missingCommands } from "./cli.ts";
import { removeObjects } from "./objects.ts";

const NAME = "pulumisecrets";
const canaries = ["sk-canary-first", "sk-canary-second"] as const;
const registry = new TestRegistry(18_890);

describe.skipIf(missingCommands().length > 0)("the secrets of applications under pulumi up", () => {
  let stack: CliStack;
  let settings: Record<string, unknown>;
  const seen: string[] = [];
  const up = async (): Promise<void> => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code, output).toBe(0);
    seen.push(output);
  };
  const ids = async (...filters: string[]): Promise<string[]> => {
    const labels = [`ragdock.stack=${NAME}`, ...filters].flatMap((label) => ["--filter", `label=${label}`]);
    return (await docker("ps", "-aq", "--no-trunc", ...labels)).split("\n").filter(Boolean);
  };
  const container = async (service: string) => (await ids(`ragdock.service=${service}`))[0] ?? "none";
  /** Returns the variables of the application, from the kernel. */
  const variables = async (service: string): Promise<Record<string, string>> => {
    const script = "read -r first _ < /proc/1/task/1/children; cat /proc/$first/environ";
    const text = await docker("exec", await container(service), "sh", "-c", script);
    return Object.fromEntries(
      text.split("\0").map((line) => [line.split("=", 1)[0], line.replace(/^[^=]*=/, "")]),
    );
  };

  beforeAll(async () => {
    await registry.start();
    const all = registry.settingsOf("full");
    await registry.serveSystem(all);
    settings = { ...all, apps, services: { ...all.services, ...unwatched } };
    stack = new CliStack(NAME);
    stack.variables = { DOCKER_CONFIG: registry.loggedIn };
    stack.configure(settings);
    const made = await stack.pulumi("stack", "init", NAME);
    expect(made.code, made.output).toBe(0);
  });
  afterAll(async () => {
    await stack.pulumi("destroy", "--yes", "--skip-preview", "--exclude-protected");
    await removeObjects(`ragdock-${NAME}`);
    stack.remove();
    await registry.stop();
  });

  test("are asked for before anything changes, with the command that sets them", async () => {
    const { code, output } = await stack.pulumi("up", "--yes", "--skip-preview");
    expect(code).not.toBe(0);
    expect(output).toContain(`pulumi config set --stack ${NAME} --secret ragdock:OPENAI_API_KEY`);
    expect(await ids()).toEqual([]);
  });

  test("reach both applications: generated, asked, and in a text", async () => {
    await stack.secret("OPENAI_API_KEY", canaries[0]);
    await up();
    const [web, worker] = [await variables("web"), await variables("worker")];
    expect(web.OPENAI_API_KEY).toBe(canaries[0]);
    expect(web.JWT_SECRET).toMatch(/^[A-Za-z0-9]{32}$/);
    expect(web.DATABASE_URL).toMatch(/^postgresql:\/\/rag_1:[A-Za-z0-9]{32}@postgres:5432\/rag$/);
    for (const name of ["OPENAI_API_KEY", "JWT_SECRET", "DATABASE_URL", "REDIS_URL"])
      expect(worker[name]).toBe(web[name]);
    const again = await stack.pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
  });

  test("make a new revision when they change, and only then", async () => {
    const [web, postgres, before] = [
      await container("web"),
      await container("postgres"),
      await variables("web"),
    ];
    await stack.secret("OPENAI_API_KEY", canaries[1]);
    await up();
    const changed = await container("web");
    expect(changed).not.toBe(web);
    expect((await variables("web")).OPENAI_API_KEY).toBe(canaries[1]);
    stack.configure({ ...settings, rotations: { JWT_SECRET: 2 } });
    await up();
    expect(await container("web")).not.toBe(changed);
    const after = await variables("web");
    expect(after.JWT_SECRET).not.toBe(before.JWT_SECRET);
    expect((await variables("worker")).JWT_SECRET).toBe(after.JWT_SECRET);
    expect(after.DATABASE_URL).toBe(before.DATABASE_URL);
    expect(await container("postgres")).toBe(postgres);
    const again = await stack.pulumi("preview", "--expect-no-changes");
    expect(again.code, again.output).toBe(0);
  });

  test("are nowhere where others can read them", async () => {
    const { JWT_SECRET = "", DATABASE_URL = "" } = await variables("web");
    const all = await ids();
    const images = [...new Set((await docker("inspect", "-f", "{{.Image}}", ...all)).split("\n"))].filter(
      Boolean,
    );
    const history = images.map((image) => docker("history", "--no-trunc", image));
    const state = await stack.pulumi("stack", "export", "--stack", NAME);
    const texts = [
      ...seen,
      state.stdout,
      (await stack.pulumi("stack", "output", "--json")).output,
      await docker("inspect", ...all),
      await docker("image", "inspect", ...images),
      ...(await Promise.all([...all.map(logOf), ...history])),
    ];
    for (const value of [JWT_SECRET, DATABASE_URL.split(/[:@]/)[2] ?? "", "sk-canary"]) {
      expect(value.length).toBeGreaterThan(8);
      for (const text of texts) expect(text).not.toContain(value);
    }
  });
});
