/**
 * Tests what a sign-in changes in a system, and the rules for open ports. tests/systems/front-door.test.ts
 * attacks a running one.
 */
import { describe, expect, it } from "vitest";
import { shown } from "../../../config/spec/content.ts";
import { secretsOf } from "../../../config/spec/secrets.ts";
import { longRunning, type SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { open, serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const users = { signIn: { users: true } };
const provider = {
  signIn: { issuer: "https://id.example.org", clientId: "rag", allow: { domains: ["example.org"] } },
};
const keys = new Set(["mistralApiKey", "openaiApiKey", "signInClientSecret"]);

const fileOf = (system: SystemSpec, service: string, path: string): string =>
  shown(serviceOf(system, service).files.find((file) => file.path === path)?.content ?? "");
const gatewayOf = (system: SystemSpec): string =>
  longRunning(system.services).find(({ role }) => role === "gateway")?.name ?? "";
const nginxOf = (system: SystemSpec): string => fileOf(system, gatewayOf(system), "/etc/nginx/nginx.conf");
const settingsOf = (system: SystemSpec) => JSON.parse(fileOf(system, "auth", "/etc/ragdock/auth.json"));

describe("a port that prod publishes to everyone", () => {
  const refused = (ingress: object, environment = "prod"): string[] =>
    problems({ environment, ingress }).map(({ path, found }) => `${path}: ${found}`);

  it("is refused without TLS and a sign-in, with the three lines that fix it", () => {
    const [found, ...others] = problems({ environment: "prod", ingress: {} });
    expect(others).toEqual([]);
    expect(found?.found).toBe("port 80 of gateway for everyone, without TLS and a sign-in");
    expect(found?.fix).toContain("domain: rag.example.org\n      tls: acme\n      signIn: { users: true }");
  });

  it.each([
    ["a sign-in", { tls: "internal" }],
    ["TLS", users],
    ["TLS", provider],
  ])("is refused without %s", (missing, ingress) => {
    const found = problems({ environment: "prod", ingress }, { secrets: keys });
    const port = "tls" in ingress ? 443 : 80;
    expect(found.map((one) => one.found)).toEqual([
      `port ${port} of gateway for everyone, without ${missing}`,
    ]);
  });

  it("needs no TLS behind a trusted proxy, or if the settings say so", () => {
    expect(refused({ ...users, trustedProxies: ["10.0.0.0/8"] })).toEqual([]);
    expect(refused(open)).toEqual([]);
    expect(refused({}, "dev")).toEqual([]);
  });

  it("can be opened explicitly, but only where it would be refused", () => {
    expect(refused({ open: "yes" })[0]).toContain("ragdock:ingress.open");
    expect(refused(open, "dev")).toEqual(["ragdock:ingress.open: a setting without effect"]);
    expect(refused({ ...open, ...users, tls: "internal" })).toEqual([
      "ragdock:ingress.open: a setting without effect",
    ]);
  });

  it("is not counted if only this host reaches it", () =>
    expect(
      problems({ environment: "prod", ingress: {}, services: { gateway: { exposure: "loopback" } } }),
    ).toEqual([]));
});

describe("the settings of a sign-in", () => {
  const found = (ingress: object, secrets: ReadonlySet<string> = keys): (string | undefined)[] =>
    problems({ ingress }, { secrets }).map(({ path }) => path);

  it("need the secret of the client, and people whom they allow", () => {
    expect(found(provider, new Set())).toEqual(["ragdock:ingress.signIn.clientId"]);
    expect(found({ signIn: { ...provider.signIn, allow: {} } })).toEqual(["ragdock:ingress.signIn.allow"]);
    expect(found(provider)).toEqual([]);
  });

  it("are refused where they have no effect", () => {
    expect(found({ roles: { default: "editor" } })).toEqual(["ragdock:ingress.roles"]);
    expect(found({ ...users, roles: { default: "editor" } })).toEqual(["ragdock:ingress.roles"]);
    expect(found({ limits: { requests: 5 } })).toEqual(["ragdock:ingress.limits"]);
    expect(found({ ...provider, roles: { admin: ["group:ops"] }, limits: { requests: 5 } })).toEqual([]);
  });

  it("limit tokens only where an application counts those of a language model", () => {
    const model = { llm: { provider: "vllm", baseUrl: "http://models:8000/v1", model: "m" } };
    const limits = { tokensPerDay: 100_000 };
    const reasons = (raw: object) =>
      problems({ ingress: { ...users, limits }, ...raw }, { secrets: keys }).map(
        ({ path, problem }) => `${path}: ${problem}`,
      );
    const path = "ragdock:ingress.limits.tokensPerDay";
    expect(reasons(model)).toEqual([]);
    expect(reasons({})).toEqual([`${path}: no language model is configured (\`ragdock:llm.provider\`)`]);
    expect(reasons({ ...model, app: { image: "mine:1" } })).toEqual([
      `${path}: your own application does not count tokens`,
    ]);
    expect(reasons({ system: "myrag" })).toEqual([`${path}: myrag does not count tokens`]);
    expect(found({ limits })).toEqual(["ragdock:ingress.limits"]);
    const system = systemWith({ ingress: { ...users, limits }, ...model });
    const holders = system.services.filter(({ environment }) => environment.RAG_TOKENS_PER_DAY === "100000");
    expect(holders.map(({ name }) => name)).toEqual(["api"]);
    expect(settingsOf(system).limits).toEqual({ requests: 1200, questions: 60, uploads: 60 });
  });

  it("are either built-in users or a provider", () => {
    for (const signIn of [{}, { users: false }, { users: true, issuer: "https://id.example.org" }])
      expect(found({ signIn })[0]).toMatch(/^ragdock:ingress\.signIn/);
  });
});

describe.each(Object.keys(systems).filter((name) => name !== "mnemolite"))("%s with a sign-in", (name) => {
  const system = systemWith({ system: name, ingress: users }, { secrets: keys });
  const conf = nginxOf(system);

  it("checks each request before a gateway passes it on", () => {
    const locations = [...conf.matchAll(/ {4}location ([^{]*) \{\n([^}]*)\}/g)];
    const passing = locations.filter(([, , body = ""]) => body.includes("proxy_pass"));
    const open = passing.filter(([, , body = ""]) => !body.includes("auth_request /.ragdock/check/"));
    expect(passing.length).toBeGreaterThan(open.length);
    for (const [, path = ""] of open)
      expect(path).toMatch(/^= \/\.ragdock\/check\/|^@refused$|^~ \^\/\\\.ragdock\/\(sign-in\|/);
  });

  it("gives the key of the tokens to its API and to the sign-in only", () => {
    const holders = system.services.filter((s) => secretsOf(s).some(({ name }) => name === "identity-key"));
    const apis = longRunning(system.services).filter(({ role }) => role === "api");
    expect(holders.map((s) => s.name).sort()).toEqual(["auth", ...apis.map((s) => s.name)].sort());
  });

  it("lets a reader ask, an editor upload, and only an admin see the monitoring", () => {
    const { access } = settingsOf(system) as { access: { service: string; path: string; role: string }[] };
    expect(access.find(({ path }) => /query$/.test(path))?.role).toBe("reader");
    expect(access.find(({ path }) => /documents$/.test(path))?.role ?? "editor").toBe("editor");
    const consoles = access.filter(({ role }) => role === "admin").map(({ service }) => service);
    expect(consoles).toEqual(expect.arrayContaining(["prometheus"]));
    expect(conf).toContain("location /monitoring/prometheus/ {");
  });
});

describe("a gateway", () => {
  it("replaces client headers that name the sender, with or without a sign-in", () => {
    const headers = ["X-Ragdock-Identity", "X-Ragdock-Role", "X-Forwarded-User", "X-Forwarded-Email"];
    const without = nginxOf(systemWith({}));
    const asked = nginxOf(systemWith({ ingress: users }));
    for (const header of headers) {
      expect(without).toContain(`proxy_set_header ${header} "";`);
      expect(asked).toMatch(new RegExp(`^  proxy_set_header ${header} \\$auth_\\w+;$`, "m"));
    }
  });

  it("passes requests to consoles that know their external address, which Alertmanager needs to start", () => {
    const addressOf = (ingress: object, name: string) =>
      serviceOf(systemWith({ ingress }), name).command?.find((word) => word.includes("external-url"));
    for (const name of ["prometheus", "alertmanager"]) {
      expect(addressOf(users, name)).toBe(`--web.external-url=http://localhost/monitoring/${name}/`);
      expect(addressOf({ ...users, tls: "internal", domain: "rag.example.org" }, name)).toBe(
        `--web.external-url=https://rag.example.org/monitoring/${name}/`,
      );
      expect(addressOf({}, name)).toBeUndefined();
    }
  });

  it("names the revision of the sign-in, but consoles without a revision, so their changes replace no gateway", () => {
    const conf = nginxOf(systemWith({ ingress: users }));
    expect(conf).toContain("set $upstream_auth auth;");
    const gateway = serviceOf(systemWith({ ingress: users }), "gateway");
    expect(gateway.dependsOn).toContain("auth");
    expect(gateway.dependsOn).not.toContain("prometheus");
  });
});

describe("the settings file of the sign-in", () => {
  it("has the secret of the provider's client in a file of its container only", () => {
    const system = systemWith({ ingress: provider }, { secrets: keys });
    const auth = serviceOf(system, "auth");
    expect(auth.environment.SIGN_IN_CLIENT_SECRET_FILE).toBe("/run/secrets/sign-in-client-secret");
    expect(settingsOf(system).signIn).toEqual({
      ...provider.signIn,
      allow: { domains: ["example.org"], groups: [], emails: [] },
    });
  });

  it("restricts cookies to TLS only if browsers use TLS", () => {
    const secure = (ingress: object) =>
      settingsOf(systemWith({ ingress: { ...users, ...ingress } })).secureCookies;
    expect(secure({})).toBe(false);
    expect(secure({ tls: "internal" })).toBe(true);
    expect(secure({ trustedProxies: ["10.0.0.0/8"] })).toBe(true);
  });
});
