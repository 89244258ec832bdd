/**
 * Attacks `full` with TLS and built-in users, and uses it as people and programs do. The certificate
 * is of the stack's own authority. tests/images/tls.test.ts asks an authority by ACME, and
 * front-door/tests signs in at a provider.
 */
import { request } from "node:https";
import { connect } from "node:tls";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startBrowser } from "../support/browser.ts";
import { inside } from "../support/observe.ts";
import { unwatched } from "../support/program.ts";
import { docker, eventually, TestStack } from "../support/stack.ts";

const port = 18_500;
const { prometheus: _, ...unused } = unwatched;
const stack = new TestStack("e2e-door", {
  system: "full",
  images: "packages",
  ingress: { tls: "internal", domain: "rag.example.org", signIn: { users: true } },
  services: { ...unused, gateway: { port }, prometheus: { exposure: "none" }, grafana: { enabled: false } },
});

const passwords = {
  anna: "a long password of anna",
  ed: "a long password of ed",
  rita: "a long password of rita",
};
type Person = keyof typeof passwords;

let authority = "";
let key = "";

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Buffer;
}

/** Sends a request over TLS, and checks the certificate as a browser does. */
const send = (path: string, { method = "GET", headers = {}, body }: Sent = {}): Promise<Reply> =>
  new Promise((resolve, reject) => {
    const options = { host: "127.0.0.1", servername: "localhost", port, ca: authority, agent: false };
    const sent = request(
      { ...options, path, method, headers: { host: `localhost:${port}`, ...headers } },
      (answer) => {
        let text = "";
        answer.setEncoding("utf8").on("data", (part: string) => {
          text += part;
        });
        answer.on("end", () =>
          resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: text }),
        );
      },
    );
    sent.on("error", reject).end(body);
  });

const cookiesOf = (reply: Reply): string =>
  [reply.headers["set-cookie"] ?? []]
    .flat()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

/** Returns the names of the certificate that the ingress presents to a client. */
const presented = (servername: string): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, servername, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerCertificate().subjectaltname ?? "");
      socket.destroy();
    });
    socket.on("error", reject);
  });

/** Signs in with the form. Returns the cookies of the session. */
async function signIn(name: string, password: string): Promise<{ reply: Reply; cookies: string }> {
  const page = await send("/.ragdock/sign-in");
  const token = /name="token" value="([^"]+)"/.exec(page.body)?.[1] ?? "";
  const browser = cookiesOf(page);
  const reply = await send("/.ragdock/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/x-www-form-urlencoded", Cookie: browser },
    body: new URLSearchParams({ name, password, token, next: "/" }).toString(),
  });
  return { reply, cookies: `${browser}; ${cookiesOf(reply)}` };
}

const as = async (person: Person): Promise<Record<string, string>> => ({
  Cookie: (await signIn(person, passwords[person])).cookies,
});

/** Uploads a document. */
function upload(name: string, text: string, headers: Record<string, string>): Promise<Reply> {
  const boundary = "----ragdock";
  const body = `--${boundary}\r\nContent-Disposition: form-data; name="file"; filename="${name}"\r\nContent-Type: text/plain\r\n\r\n${text}\r\n--${boundary}--\r\n`;
  const type = { "Content-Type": `multipart/form-data; boundary=${boundary}` };
  return send("/api/documents", { method: "POST", headers: { ...type, ...headers }, body });
}

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
  authority = (await stack.make("certificate")).output;
  for (const [name, role] of [
    ["anna", "admin"],
    ["ed", "editor"],
    ["rita", "reader"],
  ] as const) {
    const added = await stack.make("users add", name, "--role", role, { input: `${passwords[name]}\n` });
    expect(added.code, added.output).toBe(0);
  }
  const created = await stack.make("keys create", "--name", "ci", "--role", "editor");
  key = /rdk_[0-9a-f]+_[0-9a-f]+/.exec(created.output)?.[0] ?? "";
});

afterAll(() => stack.remove());

describe("without a session", () => {
  it("refuses every route of the API with problem details, and never redirects", async () => {
    const schema = JSON.parse((await send("/api/openapi.json", { headers: await as("anna") })).body);
    const routes = Object.entries(schema.paths as Record<string, object>).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => [method.toUpperCase(), path.replace(/\{\w+\}/, "1")] as const),
    );
    expect(routes.length).toBeGreaterThan(5);
    for (const [method, path] of [...routes, ["GET", "/api/openapi.json"], ["GET", "/api/docs"]] as const) {
      const reply = await send(path, {
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
      const reply = await send(path, { headers: page });
      expect([reply.status, String(reply.headers.location).split("?")[0]], path).toEqual([
        303,
        "/.ragdock/sign-in",
      ]);
    }
    const socket = { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Version": "13" };
    for (const path of ["/_stcore/stream", "/_stcore/health", "/static/index.js", "/.ragdock/check/api"])
      expect((await send(path, { headers: socket })).status, path).toBeGreaterThanOrEqual(401);
  });

  it("believes no header of a client that names a person", async () => {
    const forged = {
      "X-Ragdock-Identity": "e30.e30.e30",
      "X-Ragdock-Role": "admin",
      "X-Forwarded-User": "anna",
      "X-Original-URI": "/.ragdock/sign-in",
      "X-Original-Method": "GET",
      "X-Ragdock-Service": "ui",
    };
    expect((await send("/api/documents", { headers: forged })).status).toBe(401);
    const asReader = { ...forged, ...(await as("rita")) };
    expect((await send("/monitoring/prometheus/", { headers: asReader })).status).toBe(403);
    expect((await send("/api/documents/1", { method: "DELETE", headers: asReader })).status).toBe(403);
  });

  it("is refused by the API itself for every other container", async () => {
    const ask = "import urllib.request as u; u.urlopen('http://api:8000/api/documents')";
    const { code, output } = await inside(stack, "ui", "python", "-c", ask);
    expect([code, output.includes("HTTP Error 401")]).toEqual([1, true]);
  });
});

describe("people", () => {
  it("sign in, and a wrong password says nothing of who exists", async () => {
    const { reply } = await signIn("anna", passwords.anna);
    expect([reply.status, reply.headers.location]).toEqual([303, "/"]);
    const cookie = [reply.headers["set-cookie"] ?? []]
      .flat()
      .find((one) => one.startsWith("__Host-ragdock="));
    for (const attribute of ["Secure", "HttpOnly", "SameSite=lax", "Path=/"])
      expect(cookie).toContain(attribute);
    const wrong = await signIn("anna", "a wrong password");
    const unknown = await signIn("nobody", "a wrong password");
    const error = /<p[^>]*role="alert"[^>]*>([^<]*)/;
    expect(wrong.reply.status).toBe(unknown.reply.status);
    expect(error.exec(wrong.reply.body)?.[1]).toBe(error.exec(unknown.reply.body)?.[1]);
  });

  it("may do what their role allows", async () => {
    const [anna, ed, rita] = [await as("anna"), await as("ed"), await as("rita")];
    expect((await send("/api/documents", { headers: rita })).status).toBe(200);
    expect((await upload("r.txt", "of rita", rita)).status).toBe(403);
    const own = JSON.parse((await upload("ed.txt", "The lantern of Ed is brass.", ed)).body).id;
    const other = JSON.parse((await upload("anna.txt", "The lantern of Anna is tin.", anna)).body).id;
    const listed = JSON.parse((await send("/api/documents", { headers: rita })).body).documents;
    expect(listed.map((one: { owner: string }) => one.owner).sort()).toEqual(["user:anna", "user:ed"]);
    const remove = (id: string, headers: Record<string, string>) =>
      send(`/api/documents/${id}`, { method: "DELETE", headers });
    expect((await remove(other, ed)).status).toBe(403);
    expect((await remove(own, ed)).status).toBe(204);
    expect((await remove(other, anna)).status).toBe(204);
    expect((await send("/monitoring/prometheus/-/ready", { headers: ed })).status).toBe(403);
    expect((await send("/monitoring/prometheus/-/ready", { headers: anna })).status).toBe(200);
  });

  it("are out at once when they are removed, and cannot come back", async () => {
    expect((await stack.make("users add", "tom", { input: "a long password of tom\n" })).code).toBe(0);
    const { cookies } = await signIn("tom", "a long password of tom");
    expect((await send("/api/documents", { headers: { Cookie: cookies } })).status).toBe(200);
    expect((await stack.make("users remove", "tom")).code).toBe(0);
    expect((await send("/api/documents", { headers: { Cookie: cookies } })).status).toBe(401);
    expect((await signIn("tom", "a long password of tom")).reply.status).toBe(403);
  });
});

describe("API keys", () => {
  it("work as Bearer, and are revoked within five seconds", async () => {
    const bearer = { Authorization: `Bearer ${key}` };
    const first = await send("/api/documents", { headers: bearer });
    expect(first.status).toBe(200);
    expect(first.headers.ratelimit).toMatch(/r=\d+/);
    expect((await send("/api/documents", { headers: { Authorization: `Bearer ${key}x` } })).status).toBe(401);
    expect(
      (await send("/api/documents", { headers: { Authorization: "Basic YTpi", ...(await as("anna")) } }))
        .status,
    ).toBe(401);
    expect((await stack.make("keys list")).output).toContain("ci");
    expect((await stack.make("keys revoke", "--name", "ci")).code).toBe(0);
    expect((await send("/api/documents", { headers: bearer })).status).toBe(401);
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

  it("gets a new certificate without a new connection to the ingress' container", async () => {
    const [ingress = ""] = await stack.containers("ingress");
    const started = await docker("inspect", "--format", "{{.State.StartedAt}}", ingress);
    stack.configure({
      system: "full",
      images: "packages",
      ingress: { tls: "internal", domain: "new.example.org", signIn: { users: true } },
      services: {
        ...unused,
        gateway: { port },
        prometheus: { exposure: "none" },
        grafana: { enabled: false },
      },
    });
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await stack.containers("ingress")).toEqual([ingress]);
    expect(await docker("inspect", "--format", "{{.State.StartedAt}}", ingress)).toBe(started);
    await eventually(async () => {
      const names = await presented("new.example.org");
      return names.includes("new.example.org") || undefined;
    });
  });
});

describe("in a real browser", () => {
  let chrome: Browser;
  let page: Page;

  beforeAll(async () => {
    chrome = await startBrowser();
  });
  beforeEach(async () => {
    // The browser does not know the stack's authority.
    const context = await chrome.newContext({ ignoreHTTPSErrors: true });
    page = await context.newPage();
    page.setDefaultTimeout(60_000);
  });
  afterAll(() => chrome?.close());

  it("a person signs in, asks, sees who they are, and signs out", async () => {
    await page.goto(`https://localhost:${port}/documents`);
    await page.getByLabel("Name").fill("ed");
    await page.getByLabel("Password").fill(passwords.ed);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Documents" }).waitFor();
    await page.getByText("Signed in as ed (editor)").waitFor();
    const headers = await as("ed");
    await upload("lantern.txt", "The lantern of Ed is brass.", headers);
    await eventually(async () => {
      const { documents } = JSON.parse((await send("/api/documents", { headers })).body);
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
    await page.goto(`https://localhost:${port}/documents`);
    await page.getByLabel("Name").fill("ed");
    await page.getByLabel("Password").fill(passwords.ed);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("heading", { name: "Documents" }).waitFor();
    expect((await stack.make("users password", "ed", { input: "another long password of ed\n" })).code).toBe(
      0,
    );
    await page.getByText("Your sign-in has ended").first().waitFor();
  });
});

describe("the audit log", () => {
  it("has who did what, and no password, key or content", async () => {
    const { output } = await stack.make("audit", "--since", "1h", "--json");
    const events = output
      .split("\n")
      .filter((line) => line.startsWith("{"))
      .map((line) => JSON.parse(line) as Record<string, string>);
    const actions = new Set(events.map(({ actor, action }) => `${actor} ${action}`));
    for (const expected of ["user:anna sign-in", "user:ed request", "user:ed sign-out"])
      expect(actions).toContain(expected);
    expect(events.some(({ action }) => action === "deploy")).toBe(true);
    expect(events.find(({ action }) => action === "request")?.address).toMatch(/^[0-9a-f.:]+$/);
    const logs = await docker("logs", await stack.container("auth"));
    for (const secret of [...Object.values(passwords), key, "brass"])
      for (const text of [output, logs, stack.stateText()]) expect(text).not.toContain(secret);
  });
});
