/**
 * Tests the changes of a stack with TLS and built-in users: other host names, other certificates, the
 * lines of deployments in the audit log, and a provider instead of the users. The provider is a small
 * one for tests, so this does not prove how real ones behave.
 */
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { startBrowser } from "../support/browser.ts";
import { apiName, Door, type Person, passwords } from "../support/door.ts";
import { docker, projectDir } from "../support/stack.ts";

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

describe("a provider, in a real browser", () => {
  const people = [
    { sub: "1", email: "anna@example.org", email_verified: true, groups: ["ops"] },
    { sub: "2", email: "rita@example.org", email_verified: true },
    { sub: "3", email: "mallory@example.com", email_verified: true },
  ];
  const issuerPort = 19_000;
  const client = "secret-of-the-client";
  let issuer = "";
  let chrome: Browser;

  beforeAll(async () => {
    // Containers with a route out reach this host by its address on any network.
    const gateways = "{{range .NetworkSettings.Networks}}{{.Gateway}} {{end}}";
    const addresses = await docker("inspect", "--format", gateways, await stack.container("ingress"));
    const [host = ""] = addresses.split(" ");
    const url = `http://${host}:${issuerPort}`;
    await door.askProvider(url, client);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    issuer = await startIssuer(url, host);
    chrome = await startBrowser(port, { host, port: issuerPort });
  });
  afterAll(async () => {
    await chrome?.close();
    if (issuer) await docker("rm", "-f", issuer);
  });

  /** Starts the provider with the programs of the sign-in service. */
  async function startIssuer(url: string, host: string): Promise<string> {
    const auth = await stack.container("auth");
    const image = (await docker("inspect", "--format", "{{.Config.Image}}", auth)).trim();
    const script = join(projectDir, "front-door", "tests", "auth", "issuer.py");
    const users = people.flatMap((person) => ["--user", JSON.stringify(person)]);
    const run = ["run", "-d", "--network", "host", "-v", `${script}:/issuer.py:ro`, "--entrypoint", "python"];
    const options = ["--host", host, "--port", String(issuerPort), "--url", url, "--client-secret", client];
    return (await docker(...run, image, "/issuer.py", ...options, ...users)).trim();
  }

  /** Chooses a person at the provider. */
  async function signIn(email: string): Promise<Page> {
    const page = await (await chrome.newContext({ ignoreHTTPSErrors: true })).newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`https://localhost:${port}/documents`);
    await page.getByRole("button", { name: email }).click();
    return page;
  }

  it("signs a person in with the role of a group, and also signs out at the provider", async () => {
    const page = await signIn("anna@example.org");
    await page.getByRole("heading", { name: "Documents" }).waitFor();
    await page.getByText("anna@example.org (admin)").waitFor();
    const atProvider = page.waitForRequest(/:19000\/logout/);
    await page.getByRole("link", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await atProvider;
    await page.getByText("You are signed out").waitFor();
  });

  it("gives everyone else of the domain the default role", async () => {
    const page = await signIn("rita@example.org");
    await page.getByText("rita@example.org (reader)").waitFor();
  });

  it("tells a person of another domain why they have no access", async () => {
    const page = await signIn("mallory@example.com");
    await page.getByRole("heading", { name: "You have no access" }).waitFor();
    await page.getByText("No domain, email address or group in the settings").waitFor();
  });
});
