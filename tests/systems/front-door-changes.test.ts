/**
 * Tests the changes of a stack with TLS and built-in users: other host names, other certificates, and
 * the lines of deployments in the audit log.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { apiName, Door, type Person, passwords } from "../support/door.ts";
import { docker, eventually } from "../support/stack.ts";

const port = 18_550;
const door = new Door("e2e-door-changes", port);
const { stack, visitor } = door;
const as = (person: Person): Promise<Record<string, string>> => door.as(person);

beforeAll(() => door.open());

afterAll(() => stack.remove());

describe("a name that serves the API", () => {
  const send = (path: string, headers: Record<string, string> = {}) =>
    visitor.send(path, { headers: { host: apiName, ...headers } });

  it("has its own sign-in, and every rule for the path", async () => {
    expect((await send("/documents")).status).toBe(401);
    const page = { Accept: "text/html", "Sec-Fetch-Mode": "navigate" };
    expect((await send("/", page)).headers["content-type"]).toBe("application/problem+json");
    const { reply, cookies } = await visitor.signIn("rita", passwords.rita, apiName);
    expect([reply.status, reply.headers.location]).toEqual([303, "/"]);
    expect((await send("/documents", { Cookie: cookies })).status).toBe(200);
    expect((await send("/api/documents", { Cookie: cookies })).status).toBe(200);
    expect((await send("/monitoring/prometheus/-/ready", { Cookie: cookies })).status).toBe(404);
    const headers = { host: apiName, Cookie: cookies };
    expect((await visitor.send("/documents/1", { method: "DELETE", headers })).status).toBe(403);
  });

  it("serves nothing else, whatever the path", async () => {
    const admin = await as("anna");
    for (const path of ["/monitoring/prometheus/-/ready", "/_stcore/health", "/metrics"])
      for (const before of ["", "/", "/x/..", "/.ragdock/..", "/.ragdock/%2e%2e", "/api/.."])
        expect((await send(`${before}${path}`, admin)).status, before + path).toBe(404);
  });

  it("is in the outputs of the stack", async () => {
    const { urls } = JSON.parse((await stack.make("outputs")).output);
    expect(urls[apiName]).toBe(`https://${apiName}:${port}`);
  });
});

describe("the certificate", () => {
  it("changes with the domain, without a new connection to the ingress' container", async () => {
    const [ingress = ""] = await stack.containers("ingress");
    const started = await docker("inspect", "--format", "{{.State.StartedAt}}", ingress);
    door.change("new.example.org");
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await stack.containers("ingress")).toEqual([ingress]);
    expect(await docker("inspect", "--format", "{{.State.StartedAt}}", ingress)).toBe(started);
    await eventually(async () => {
      const names = await visitor.presented("new.example.org");
      return names.includes("new.example.org") || undefined;
    });
  });
});

describe("the audit log", () => {
  it("has each deployment that changed something, and how it ended", async () => {
    const deployments = async () =>
      (await door.audit()).events
        .filter(({ action, actor }) => action === "deploy" && actor.includes("@"))
        .map(({ object, result }) => `${object}: ${result}`);
    const first = await deployments();
    expect(first.at(-1)).toMatch(/^certificates.*: ok$/);
    expect(first.filter((line) => line.endsWith(": ok"))).toHaveLength(2);
    door.change("new.example.org");
    expect((await stack.make("up")).code).toBe(0);
    expect(await deployments()).toEqual(first);
    door.change("new.example.org", { RAG_CHUNK_SIZE: "wrong" });
    expect((await stack.make("up")).code).toBe(1);
    const [started, failed] = (await deployments()).slice(first.length);
    expect(started).toMatch(/\bapi\b.*: started$/);
    expect(failed).toMatch(/\bapi\b.*: failed$/);
  });
});
