/**
 * Rotates the passwords of the stores of the system `full`. The old password is refused afterwards,
 * and an interrupted rotation can be finished. tests/traffic counts the requests that fail
 * meanwhile. These tests use the embedded engine and `images: packages`. No Debian package contains
 * Grafana, so they do not rotate its password. They do not prove that a client that never reads its
 * file again changes its password.
 */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { eventually } from "../../tools/eventually.ts";
import { Rag } from "../support/rag.ts";
import { docker, logOf, TestStack } from "../support/stack.ts";

const port = 28_010;
const off = { enabled: false };
const settings = {
  system: "full",
  images: "packages",
  services: {
    gateway: { port },
    prometheus: off,
    alertmanager: off,
    "node-exporter": off,
    "blackbox-exporter": off,
    "nginx-exporter": off,
  },
};
const stack = new TestStack("e2e-rotate", settings);
const rag = new Rag(port);
const exec = promisify(execFile);

type Store = "postgres" | "redis";
const stores: Store[] = ["postgres", "redis"];

interface Credential {
  readonly user: string;
  readonly password: string;
}

async function credentials(): Promise<Record<string, string>> {
  const { code, output } = await stack.make("outputs", "--show-secrets");
  expect(code, output).toBe(0);
  return JSON.parse(output).credentials;
}

async function credential(store: Store): Promise<Credential> {
  const all = await credentials();
  return { user: all[`${store}-user`] ?? "", password: all[`${store}-password`] ?? "" };
}

/**
 * Logs in from the store's container over the network, because the server requires the password
 * there.
 */
const commands: Record<Store, (credential: Credential, container: string, work?: string) => string[]> = {
  postgres: ({ user, password }, container, work = "SELECT 1") => [
    ...["exec", "-e", `PGPASSWORD=${password}`, container],
    ...["psql", "-h", "postgres", "-U", user, "-d", "rag", "-c", work],
  ],
  redis: ({ user, password }, container) => [
    ...["exec", "-e", `REDISCLI_AUTH=${password}`, container],
    ...["redis-cli", "-e", "--user", user, "ping"],
  ],
};

async function logsIn(store: Store, who: Credential): Promise<boolean> {
  try {
    // After a failed AUTH, redis-cli prints NOAUTH here, and PONG if the server needs no password.
    const said = await docker(...commands[store](who, await stack.container(store)));
    return /PONG|1 row/.test(said);
  } catch {
    return false;
  }
}

const containersOfStores = async (): Promise<string[]> =>
  (await Promise.all(stores.map((store) => stack.containers(store)))).flat();

const rotations = (): Record<string, number> =>
  parse(readFileSync(stack.file, "utf8")).config["ragdock:rotations"];

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  await rag.upload("tower.txt", "text/plain", "The tower of Alvor was painted green by Benedita Salgado.");
});
afterAll(() => stack.remove());

const stillThere = async (): Promise<void> =>
  expect((await rag.ask("Who painted the tower of Alvor?")).answer).toContain("Salgado");

describe.each(stores)("make rotate SECRET=%s", (store) => {
  it("replaces no store, and the old password no longer works", async () => {
    const old = await credential(store);
    expect(await logsIn(store, old)).toBe(true);
    const before = await containersOfStores();
    const { code, output } = await stack.make("rotate", "--secret", store);
    expect(code, output).toBe(0);
    expect(output).toContain("Everything uses rag_2 and monitor_2. monitor_1, rag_1 can no longer log in.");
    expect(output).not.toContain(old.password);
    expect(await containersOfStores()).toEqual(before);
    const now = await credential(store);
    expect(now.user).toBe("rag_2");
    expect(now.password).not.toBe(old.password);
    expect(await logsIn(store, now)).toBe(true);
    expect(await logsIn(store, old)).toBe(false);
    expect(await logsIn(store, { ...now, password: old.password })).toBe(false);
    await stillThere();
  });
});

describe("after a rotation", () => {
  it("a second up changes nothing", async () => {
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(output).toContain("Nothing created, updated or replaced");
  });

  it("a client's user of Redis cannot create users, and a client without a user is refused", async () => {
    const redis = await stack.container("redis");
    const asClient = commands.redis(await credential("redis"), redis).slice(0, -1);
    const refused = await docker(...asClient, "ACL", "SETUSER", "guest", "on", "nopass").catch(
      (error: { stdout: string; stderr: string }) => error.stdout + error.stderr,
    );
    expect(refused).toContain("NOPERM");
    const anonymous = await docker("exec", redis, "redis-cli", "ping");
    expect(anonymous).toContain("NOAUTH");
  });

  it("both stores have their users after a restart", async () => {
    for (const store of stores) {
      await docker("restart", await stack.container(store));
      const now = await credential(store);
      await eventually(async () => ((await logsIn(store, now)) ? true : undefined), 60);
      expect(await logsIn(store, { ...now, user: "rag_1" })).toBe(false);
    }
    await eventually(async () => ((await rag.get("/api/ready")).status === 200 ? true : undefined), 60);
  });
});

describe("an interrupted rotation", () => {
  it("keeps the old password working, and the same command finishes it without creating a third password", async () => {
    const old = await credential("postgres");
    // Another client keeps a connection open with the old password.
    const session = exec(
      "docker",
      commands.postgres(old, await stack.container("postgres"), "SELECT pg_sleep(900)"),
    );
    const ended = session.then(
      () => "ended well",
      (error: { stderr: string }) => error.stderr,
    );
    const { child, ended: killed } = stack.start(["rotate", "--secret", "postgres"]);
    await new Promise<void>((reached) => {
      let text = "";
      child.stdout?.on("data", (chunk: string) => {
        text += chunk;
        if (/container postgres-credentials: replaced/.test(text)) reached();
      });
      child.on("close", () => reached());
    });
    child.kill("SIGKILL");
    expect((await killed).output).toContain("generation 3 instead of 2");
    expect(await logsIn("postgres", old)).toBe(true);
    await stillThere();

    const { code, output } = await stack.make("rotate", "--secret", "postgres");
    expect(code, output).toBe(0);
    expect(output).toContain("A rotation of postgres was interrupted: monitor_2, rag_2");
    expect(output).toContain("Everything uses rag_3 and monitor_3. monitor_2, rag_2 can no longer log in.");
    expect(rotations()).toEqual({ postgres: 3, redis: 2 });
    expect((await credential("postgres")).user).toBe("rag_3");
    expect(await logsIn("postgres", old)).toBe(false);
    expect(await ended).toMatch(/terminating connection/);
    await stillThere();
  });

  it("can be finished after a failed up, which revoked nothing", async () => {
    const old = await credential("redis");
    const broken = { migrate: { environment: { RAG_DATABASE_NAME: "nowhere" } } };
    stack.configure({ ...settings, rotations: rotations(), services: { ...settings.services, ...broken } });
    const failed = await stack.make("rotate", "--secret", "redis");
    expect(failed.code, failed.output).toBe(1);
    expect(failed.output).toContain("The rotation of redis is not finished. Nothing was revoked");
    expect(await logsIn("redis", old)).toBe(true);
    expect((await rag.get("/api/ready")).status).toBe(200);
    await stillThere();

    expect(rotations()).toEqual({ postgres: 3, redis: 3 });
    stack.configure({ ...settings, rotations: rotations() });
    const { code, output } = await stack.make("rotate", "--secret", "redis");
    expect(code, output).toBe(0);
    expect(rotations()).toEqual({ postgres: 3, redis: 3 });
    expect(await logsIn("redis", old)).toBe(false);
    expect(await logsIn("redis", await credential("redis"))).toBe(true);
    await stillThere();
  });
});

describe("a rotation leaves", () => {
  it("no password in a log, an environment variable or a label", async () => {
    const passwords = Object.entries(await credentials()).flatMap(([name, value]) =>
      name.endsWith("-password") ? [value] : [],
    );
    // Three passwords of each store, and that of Grafana, which the state keeps although Grafana is
    // unavailable.
    expect(passwords).toHaveLength(7);
    const ids = await stack.containers();
    const texts = [await docker("inspect", ...ids), ...(await Promise.all(ids.map(logOf)))];
    for (const password of passwords) {
      expect(password).toMatch(/^[A-Za-z0-9]{32}$/);
      for (const text of texts) expect(text.includes(password)).toBe(false);
    }
    expect(stack.stateText()).not.toContain(passwords[0]);
  });

  it("a new password for the administrator, after a restart of the store", async () => {
    const password = async () => (await credentials())["postgres-admin-password"] ?? "";
    const old = await password();
    const { code, output } = await stack.make("rotate", "--secret", "postgres-admin");
    expect(code, output).toBe(0);
    for (const [tried, works] of [[old, false] as const, [await password(), true] as const])
      expect(await logsIn("postgres", { user: "postgres", password: tried })).toBe(works);
    await stillThere();
  });

  it("the data in place after down and up", async () => {
    expect((await stack.make("down")).code).toBe(0);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    await stillThere();
    expect(await logsIn("postgres", await credential("postgres"))).toBe(true);
  });
});

describe("make rotate refuses", () => {
  it("an unknown secret with the possible names, and a user's secret with the command that sets it", async () => {
    const unknown = await stack.make("rotate", "--secret", "postgres-owner");
    expect(unknown.code).toBe(1);
    expect(unknown.output).toContain("make rotate SECRET=postgres STACK=e2e-rotate");
    const own = await stack.make("rotate", "--secret", "llmApiKey");
    expect(own.code).toBe(1);
    expect(own.output).toContain("make secret KEY=llmApiKey");
  });
});
