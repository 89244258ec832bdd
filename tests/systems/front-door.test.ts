/**
 * Attacks `full` with TLS and built-in users, and uses it as people and programs do. The certificate
 * is of the stack's own authority. tests/images/tls.test.ts asks an authority by ACME, and
 * front-door/tests signs in at a provider.
 */
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { eventually } from "../../tools/eventually.ts";
import { startBrowser } from "../support/browser.ts";
import { Door, type Person, passwords } from "../support/door.ts";
import { inside } from "../support/observe.ts";
import { logOf } from "../support/stack.ts";

const port = 18_540;
const door = new Door("e2e-door", port);
const { stack, visitor } = door;
const as = (person: Person): Promise<Record<string, string>> => door.as(person);

beforeAll(() => door.open());

afterAll(() => stack.remove());

describe("without a session", () => {
  it("refuses every route of the API with problem details, and never redirects", async () => {
    const schema = JSON.parse((await visitor.send("/api/openapi.json", { headers: await as("anna") })).body);
    const routes = Object.entries(schema.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/, "1")] as const),
    );
    expect(routes.length).toBeGreaterThan(5);
    for (const [method, path] of [...routes, ["GET", "/api/openapi.json"], ["GET", "/api/docs"]] as const) {
      const reply = await visitor.send(path, {
        method,
        headers: { Accept: "text/html", "Sec-Fetch-Mode": "navigate" },
      });
      expect([reply.status, reply.headers["content-type"]], `${method} ${path}`).toEqual([
        401,
        "application/problem+json",
      ]);
      expect(reply.headers["www-authenticate"]).toContain("Bearer");
    }
  });

  it("refuses the UI, its WebSocket and the monitoring, and leads people to the sign-in", async () => {
    const page = { Accept: "text/html", "Sec-Fetch-Mode": "navigate" };
    for (const path of ["/", "/documents", "/monitoring/prometheus/graph", "//", "/x/%2e%2e/", "/metrics"]) {
      const reply = await visitor.send(path, { headers: page });
      expect([reply.status, String(reply.headers.location).split("?")[0]], path).toEqual([
        303,
        "/.ragdock/sign-in",
      ]);
    }
    const socket = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
    for (const path of ["/_stcore/stream", "/_stcore/health", "/static/index.js", "/.ragdock/check/api"])
      expect((await visitor.send(path, { headers: socket })).status, path).toBeGreaterThanOrEqual(401);
  });

  it("ignores a client's header that names a person", async () => {
    const forged = {
      "X-Ragdock-Identity": "e30.e30.e30",
      "X-Ragdock-Role": "admin",
      "X-Forwarded-User": "anna",
      "X-Original-URI": "/.ragdock/sign-in",
      "X-Original-Method": "GET",
      "X-Ragdock-Service": "ui",
    };
    expect((await visitor.send("/api/documents", { headers: forged })).status).toBe(401);
    const asReader = { ...forged, ...(await as("rita")) };
    expect((await visitor.send("/monitoring/prometheus/", { headers: asReader })).status).toBe(403);
    expect((await visitor.send("/api/documents/1", { method: "DELETE", headers: asReader })).status).toBe(
      403,
    );
  });

  it("is refused by the API itself for every other container", async () => {
    const ask = "import urllib.request as u; u.urlopen('http://api:8000/api/documents')";
    const { code, output } = await inside(stack, "ui", "python", "-c", ask);
    expect([code, output.includes("HTTP Error 401")]).toEqual([1, true]);
  });
});

describe("people", () => {
  it("sign in, and a wrong password does not reveal which users exist", async () => {
    const { reply } = await visitor.signIn("anna", passwords.anna);
    expect([reply.status, reply.headers.location]).toEqual([303, "/"]);
    const cookie = [reply.headers["set-cookie"] ?? []]
      .flat()
      .find((one) => one.startsWith("__Host-ragdock="));
    for (const attribute of ["Secure", "HttpOnly", "SameSite=lax", "Path=/"])
      expect(cookie).toContain(attribute);
    const wrong = await visitor.signIn("anna", "a wrong password");
    const unknown = await visitor.signIn("nobody", "a wrong password");
    const error = /<p[^>]*role="alert"[^>]*>([^<]*)/;
    expect(wrong.reply.status).toBe(unknown.reply.status);
    expect(error.exec(wrong.reply.body)?.[1]).toBe(error.exec(unknown.reply.body)?.[1]);
  });

  it("may do what their role allows", async () => {
    const [anna, ed, rita] = [await as("anna"), await as("ed"), await as("rita")];
    expect((await visitor.send("/api/documents", { headers: rita })).status).toBe(200);
    expect((await visitor.upload("r.txt", "of rita", rita)).status).toBe(403);
    const own = JSON.parse((await visitor.upload("ed.txt", "The lantern of Ed is brass.", ed)).body).id;
    const other = JSON.parse((await visitor.upload("anna.txt", "The lantern of Anna is tin.", anna)).body).id;
    const listed = JSON.parse((await visitor.send("/api/documents", { headers: rita })).body).documents;
    expect(listed.map((one: { owner: string }) => one.owner).sort()).toEqual(["user:anna", "user:ed"]);
    const remove = (id: string, headers: Record<string, string>) =>
      visitor.send(`/api/documents/${id}`, { method: "DELETE", headers });
    expect((await remove(other, ed)).status).toBe(403);
    expect((await remove(own, ed)).status).toBe(204);
    expect((await remove(other, anna)).status).toBe(204);
    expect((await visitor.send("/monitoring/prometheus/-/ready", { headers: ed })).status).toBe(403);
    expect((await visitor.send("/monitoring/prometheus/-/ready", { headers: anna })).status).toBe(200);
  });

  it("lose access at once when they are removed, and cannot sign in again", async () => {
    expect((await stack.make("users add", "tom", { input: "a long password of tom\n" })).code).toBe(0);
    const { cookies } = await visitor.signIn("tom", "a long password of tom");
    expect((await visitor.send("/api/documents", { headers: { Cookie: cookies } })).status).toBe(200);
    expect((await stack.make("users remove", "tom")).code).toBe(0);
    expect((await visitor.send("/api/documents", { headers: { Cookie: cookies } })).status).toBe(401);
    expect((await visitor.signIn("tom", "a long password of tom")).reply.status).toBe(403);
  });
});

describe("API keys", () => {
  it("work as Bearer, and are revoked within five seconds", async () => {
    const bearer = { Authorization: `Bearer ${door.key}` };
    const first = await visitor.send("/api/documents", { headers: bearer });
    expect(first.status).toBe(200);
    expect(first.headers.ratelimit).toMatch(/r=\d+/);
    expect(
      (await visitor.send("/api/documents", { headers: { Authorization: `Bearer ${door.key}x` } })).status,
    ).toBe(401);
    expect(
      (
        await visitor.send("/api/documents", {
          headers: { Authorization: "Basic YTpi", ...(await as("anna")) },
        })
      ).status,
    ).toBe(401);
    expect((await stack.make("keys list")).output).toContain("ci");
    expect((await stack.make("keys revoke", "--name", "ci")).code).toBe(0);
    expect((await visitor.send("/api/documents", { headers: bearer })).status).toBe(401);
  });
});

describe("TLS", () => {
  it("redirects requests without TLS to the same port", async () => {
    const reply = await fetch(`http://127.0.0.1:${port}/api/health?a=1`, { redirect: "manual" });
    expect([reply.status, reply.headers.get("location")]).toEqual([
      308,
      `https://127.0.0.1:${port}/api/health?a=1`,
    ]);
  });
});

describe("in a real browser", () => {
  let chrome: Browser;
  let page: Page;

  beforeAll(async () => {
    chrome = await startBrowser(port);
  });
  beforeEach(async () => {
    // The browser does not know the stack's authority.
    const context = await chrome.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
  });
  afterAll(() => chrome?.close());

  async function signInAsEd(): Promise<void> {
    await page.goto(`https://localhost:${port}/documents`);
    await page.getByLabel("Name").fill("ed");
    await page.getByLabel("Password").fill(passwords.ed);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Documents" }).waitFor();
  }

  it("a person signs in, asks, sees who they are, and signs out", async () => {
    await signInAsEd();
    await page.getByText("Signed in as ed (editor)").waitFor();
    const headers = await as("ed");
    await visitor.upload("lantern.txt", "The lantern of Ed is brass.", headers);
    await eventually(async () => {
      const { documents } = JSON.parse((await visitor.send("/api/documents", { headers })).body);
      return documents.every(({ state }: { state: string }) => state === "ready") || undefined;
    }, 240);
    await page.goto(`https://localhost:${port}/`);
    await page.getByRole("heading", { name: "Ask your documents" }).waitFor();
    await page.getByText("Signed in as ed (editor)").waitFor();
    const question = page.getByPlaceholder("Ask a question");
    await question.fill("What is the lantern of Ed made of?");
    await question.press("Enter");
    await page.getByText("sources, best first").first().waitFor();
    await page.getByRole("link", { name: "Sign out" }).click();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(`https://localhost:${port}/`);
    expect(new URL(page.url()).pathname).toBe("/.ragdock/sign-in");
  });

  it("an open page says that the sign-in has ended", async () => {
    await signInAsEd();
    expect((await stack.make("users password", "ed", { input: "another long password of ed\n" })).code).toBe(
      0,
    );
    await page.getByText("Your sign-in has ended").first().waitFor();
  });
});

describe("the audit log", () => {
  it("has who did what, and neither it nor any other log has a password, session, key or content", async () => {
    const { cookies } = await visitor.signIn("rita", passwords.rita);
    // A password in the field of the name, and secrets in an address.
    await visitor.signIn("canary-in-the-name", "canary-password");
    const address = `/api/documents?canary=${door.key}`;
    expect((await visitor.send(address, { headers: { Cookie: cookies } })).status).toBe(200);
    await visitor.send("/x?canary", { headers: { Authorization: "Basic canary" } });
    const { output, events } = await door.audit();
    const actions = new Set(events.map(({ actor, action }) => `${actor} ${action}`));
    for (const expected of ["user:anna sign-in", "user:ed request", "user:ed sign-out"])
      expect(actions).toContain(expected);
    expect(events.find(({ action }) => action === "request")?.address).toMatch(/^[0-9a-f.:]+$/);
    const logs = (await Promise.all((await stack.containers()).map(logOf))).join("\n");
    const sessions = cookies.split("; ").map((cookie) => cookie.split("=")[1] ?? "");
    expect(sessions).toHaveLength(2);
    expect(logs).toContain("/api/documents");
    const contents = ["brass", "canary", "What is the lantern"];
    for (const secret of [...Object.values(passwords), ...sessions, door.key.split("_")[2], ...contents])
      for (const text of [output, logs, stack.stateText()]) expect(text).not.toContain(secret);
  });
});
