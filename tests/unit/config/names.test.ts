/**
 * Tests what host names with a path change in a system, and their rules. tests/images/names.test.ts
 * attacks a real ingress.
 */
import { describe, expect, it } from "vitest";
import { shown } from "../../../config/spec/content.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const ingress = { tls: "internal", domain: "rag.example.org", signIn: { users: true } };
const names = { "api.rag.example.org": "/api/", "grafana.example.org": "/monitoring/grafana/" };
const named = (over: object = {}, more: object = {}): SystemSpec =>
  systemWith({ environment: "prod", ingress: { ...ingress, names, ...over }, ...more });
const confOf = (system: SystemSpec, name: string): string =>
  shown(serviceOf(system, name).files.find(({ path }) => path.endsWith("nginx.conf"))?.content ?? "");

describe("names", () => {
  it("change the ingress and the certificate only", () => {
    const [before, after] = [named({ names: {} }), named()];
    const changed = after.services.filter(
      (s) => JSON.stringify(s) !== JSON.stringify(before.services.find(({ name }) => name === s.name)),
    );
    expect(changed.map(({ name }) => name).sort()).toEqual(["certificates", "ingress"]);
    expect(confOf(before, "ingress")).not.toContain("$front");
    expect(confOf(after, "ingress")).toContain("proxy_pass http://$gateway:8080$front$request_uri;");
  });

  it("are in the certificate after the domain", () => {
    const { environment } = serviceOf(named(), "certificates");
    expect(environment.CERTIFICATES_DOMAIN).toBe("rag.example.org");
    expect(environment.CERTIFICATES_NAMES).toBe("api.rag.example.org grafana.example.org");
  });

  it("are served in addition to the names in `hosts`", () => {
    const served = confOf(named({ hosts: ["portal.example.org"] }), "ingress");
    for (const name of ["api\\.rag\\.example\\.org", "portal\\.example\\.org"])
      expect(served).toContain(String.raw`"~*^${name}\|" 0;`);
  });

  it("serve the sign-in pages only if there is a sign-in", () => {
    const app = { app: { image: "mine:1" } };
    expect(confOf(named(), "ingress")).toContain(String.raw`|\.ragdock/(sign-in|sign-out|callback|me)\z)"`);
    const open = {
      signIn: undefined,
      open: "everyone may read and delete documents",
      names: { "v1.example.org": "/v1/" },
    };
    expect(confOf(named(open, app), "ingress")).toContain(String.raw`"~^v1\.example\.org/(?!v1(/|\z))" /v1;`);
  });

  it("have an address in the outputs, with the port of the first application", () => {
    expect(named().urls).toMatchObject({
      gateway: "https://rag.example.org",
      "api.rag.example.org": "https://api.rag.example.org",
      "grafana.example.org": "https://grafana.example.org",
    });
    const services = { gateway: { port: 8443 } };
    expect(named({}, { services }).urls["api.rag.example.org"]).toBe("https://api.rag.example.org:8443");
  });
});

describe("names that cannot work", () => {
  const found = (over: object, more: object = {}): string[] =>
    problems({ environment: "prod", ingress: { ...ingress, ...over }, ...more }).map(
      ({ path, found, fix }) => `${path}: ${found}: ${fix}`,
    );
  const key = (name: string): string => `ingress.names["${name}"]`;

  it.each([
    ["/ap/", "/api/"],
    ["/grafana/", "/api/"],
    ["/documents/", "/api/"],
  ])("are refused: the path %s, which no service has", (path, right) => {
    const at = key("x.example.org");
    expect(found({ names: { "x.example.org": path } })).toEqual([
      `ragdock:${at}: "${path}": Run: pulumi config set --path 'ragdock:${at}' ${right}`,
    ]);
  });

  it.each(["/api", "api/", "/../", "//", "/.ragdock/", "/_stcore/", "/a b/", '/x";/'])(
    "are refused: the path %s",
    (path) => {
      const [first = "", ...others] = found({ names: { "x.example.org": path } });
      expect(first).toContain(`ragdock:${key("x.example.org")}: ${JSON.stringify(path)}`);
      expect(others).toEqual([]);
    },
  );

  it.each(["X.example.org", "x.example.org:80", "x.example.org.", "192.0.2.7", "*.example.org", "x y"])(
    "are refused: the name %s",
    (name) => {
      const [first = "", ...others] = found({ names: { [name]: "/api/" } });
      expect(first).toContain(`the name ${JSON.stringify(name)}: Correct the name.`);
      expect(others).toEqual([]);
    },
  );

  it("are accepted: a path below one of a service, all paths, and any path of an own application", () => {
    expect(found({ names: { "x.example.org": "/api/documents/", "y.example.org": "/" } })).toEqual([]);
    expect(found({ names: { "x.example.org": "/v1/" } }, { app: { image: "mine:1" } })).toEqual([]);
  });

  it("are refused: the domain itself", () =>
    expect(found({ names: { "rag.example.org": "/api/" } })[0]).toContain(
      `Use another name, or run: pulumi config rm --path 'ragdock:${key("rag.example.org")}'`,
    ));

  it("are refused: without TLS, or without a domain", () => {
    const lines = found({ names, tls: "off", domain: undefined, trustedProxies: ["10.0.0.0/8"] });
    expect(lines.map((line) => line.split(": Run: ")[1])).toEqual([
      "pulumi config set --path 'ragdock:ingress.tls' internal; or: pulumi config rm --path 'ragdock:ingress.names'",
      "pulumi config set --path 'ragdock:ingress.domain' rag.example.org",
    ]);
  });

  it("are refused: a name that a public authority cannot certify", () => {
    const internal = { names: { "grafana.internal": "/monitoring/grafana/" } };
    expect(found({ ...internal, tls: "acme" })).toEqual([
      `ragdock:${key("grafana.internal")}: "grafana.internal": Use a name such as api.rag.example.org.`,
    ]);
    expect(found(internal)).toEqual([]);
    expect(found({ ...internal, tls: "acme", acmeServer: "https://ca.internal/directory" })).toEqual([]);
  });

  it("are refused: a system that publishes nothing", () =>
    expect(found({ names }, { services: { gateway: { exposure: "none" } } })).toContain(
      "ragdock:ingress.names: a setting without effect: Run: pulumi config rm --path 'ragdock:ingress.names'",
    ));
});
