/**
 * Tests what TLS changes in a system. tests/images/tls.test.ts connects to a real ingress, and
 * front-door/tests/certificates has the program that gets certificates.
 */
import { describe, expect, it } from "vitest";
import { plainPort } from "../../../config/services/certificates.ts";
import { shown } from "../../../config/spec/content.ts";
import { imageName } from "../../../config/spec/image.ts";
import { secretsOf } from "../../../config/spec/secrets.ts";
import { longRunning, publishedPorts, type SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { open, serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const keys = new Set(["mistralApiKey", "openaiApiKey", "tlsCertificate", "tlsKey"]);
const acme = { tls: "acme", domain: "rag.example.org" };

const withTls = (ingress: object, more: object = {}): SystemSpec =>
  systemWith({ environment: "prod", ...more, ingress: { ...open, ...ingress } }, { secrets: keys });
const confOf = (system: SystemSpec): string =>
  shown(serviceOf(system, "ingress").files.find(({ path }) => path.endsWith("nginx.conf"))?.content ?? "");
const portsOf = (system: SystemSpec) =>
  publishedPorts(serviceOf(system, "ingress")).map(({ host, container, tls = false, owner }) => ({
    host,
    container,
    tls,
    owner,
  }));

describe("without TLS", () => {
  it.each(Object.keys(systems))("%s runs no program for certificates, and the ingress has none", (name) => {
    const system = systemWith({ system: name }, { secrets: keys });
    expect(system.services.map(({ image }) => imageName(image))).not.toContain("front-door");
    expect(serviceOf(system, "ingress").volumes).toEqual([]);
    expect(serviceOf(system, "ingress").blackbox?.module).toBe("http_2xx");
    expect(confOf(system)).not.toMatch(/ssl|https:\/\/\$/);
  });
});

describe.each(Object.keys(systems))("%s with TLS", (name) => {
  const system = withTls({ tls: "internal" }, { system: name });

  it("starts the ingress after the first certificate, and mounts the certificates read-only", () => {
    const ingress = serviceOf(system, "ingress");
    expect(ingress.dependsOn).toContain("certificates");
    expect(ingress.volumes).toEqual([{ volume: "certificates", path: "/certificates", readOnly: true }]);
    expect(ingress.blackbox).toEqual({ module: "tls_connect", port: 8080 });
    expect(serviceOf(system, "certificates").volumes).toEqual([
      { volume: "certificates", path: "/certificates" },
    ]);
  });

  it("serves each published application with TLS, and nothing without TLS", () => {
    const servers = confOf(system).match(/listen \d+.*;/g) ?? [];
    const applications = portsOf(system).filter(({ tls }) => tls);
    expect(servers.filter((line) => / ssl;$/.test(line))).toHaveLength(applications.length);
    expect(confOf(system).match(/http2 on;/g)).toHaveLength(applications.length);
    const plain = servers.filter((line) => !line.includes("ssl"));
    expect(plain.every((line) => [`listen ${plainPort};`, "listen 8081;"].includes(line))).toBe(true);
    for (const url of Object.values(system.urls).filter((one) => !/:\d+$/.test(one)))
      expect(url).toMatch(/^https:/);
  });

  it("has the program for certificates on a network with the ingress, and a route out for ACME only", () => {
    const { networks } = serviceOf(system, "certificates");
    expect(networks).not.toContain("outside");
    const asking = withTls({ tls: "acme", domain: "rag.example.org" });
    expect(serviceOf(asking, "certificates").networks).toContain("outside");
    expect(networks.some((network) => serviceOf(system, "ingress").networks.includes(network))).toBe(true);
  });
});

describe("the ingress", () => {
  it("has the same files for each domain, so that a new domain does not replace it", () => {
    const named = (domain: string) => serviceOf(withTls({ ...acme, domain }), "ingress");
    expect(named("old.example.org")).toEqual(named("new.example.org"));
    expect(serviceOf(withTls(acme), "certificates").environment.CERTIFICATES_DOMAIN).toBe("rag.example.org");
  });

  it("reads certificate and key from a folder that changes every ten seconds", () => {
    const map = /map \$msec \$certificate \{ default odd; "~(.+)" even; \}/.exec(confOf(withTls(acme)))?.[1];
    const slot = (seconds: number): string => (new RegExp(map ?? "").test(`${seconds}.5`) ? "even" : "odd");
    expect([0, 9, 10, 19, 20, 99].map((seconds) => slot(1_764_158_400 + seconds))).toEqual([
      ...["even", "even", "odd", "odd", "even", "odd"],
    ]);
  });

  it("tells browsers to use TLS only, except with an authority that they do not know", () => {
    const header = "Strict-Transport-Security";
    const value = (tls: object): string | undefined =>
      /map \$upstream_http_strict_transport_security .*"" "(.*)"; \}/.exec(confOf(withTls(tls)))?.[1];
    expect([acme, { tls: "files" }, { tls: "internal" }].map(value)).toEqual([
      ...["$transport", "$transport", ""],
    ]);
    expect(confOf(withTls(acme))).toContain(`add_header ${header} $added_strict_transport_security always;`);
  });

  it("serves the domain in addition to the names in `hosts`", () => {
    const conf = confOf(withTls({ ...acme, hosts: ["portal.example.org"] }));
    expect(conf).toContain(String.raw`"~*^rag\.example\.org\|" 0;`);
    expect(confOf(withTls(acme))).not.toContain("example");
  });
});

describe("the ports", () => {
  it("are 443 and 80 in production, and a redirect leads to the first", () => {
    const system = withTls(acme);
    expect(portsOf(system)).toEqual([
      { host: 443, container: 8080, tls: true, owner: "gateway" },
      { host: 80, container: plainPort, tls: false, owner: "gateway" },
    ]);
    expect(confOf(system)).toContain("return 308 https://$host$request_uri;");
  });

  it("of several applications each have TLS", () => {
    const system = withTls({ tls: "internal" }, { system: "rag-events" });
    expect(portsOf(system)).toEqual([
      { host: 443, container: 8080, tls: true, owner: "api" },
      { host: 8501, container: 8082, tls: true, owner: "ui" },
      { host: 80, container: plainPort, tls: false, owner: "api" },
    ]);
  });

  it("are those of the settings, and an authority still validates on port 80", () => {
    const services = { gateway: { port: 8443 } };
    expect(portsOf(withTls({ tls: "internal" }, { services })).map(({ host }) => host)).toEqual([8443]);
    const system = withTls(acme, { services });
    expect(portsOf(system).map(({ host }) => host)).toEqual([8443, 80]);
    expect(confOf(system)).toContain("return 308 https://$host:8443$request_uri;");
  });

  it("stay the same in dev", () => {
    const system = systemWith({ ingress: { tls: "internal" } });
    expect(portsOf(system)).toEqual([{ host: 8080, container: 8080, tls: true, owner: "gateway" }]);
    expect(system.urls.ui).toBe("https://localhost:8080/");
  });

  it("lead to the domain in the printed addresses", () => {
    expect(withTls(acme).urls).toMatchObject({
      gateway: "https://rag.example.org",
      ui: "https://rag.example.org/",
      api: "https://rag.example.org/api",
    });
    expect(withTls(acme, { services: { gateway: { port: 8443 } } }).urls.ui).toBe(
      "https://rag.example.org:8443/",
    );
  });
});

describe("the user's certificate", () => {
  it("is only in the container of the certificate program", () => {
    const system = withTls({ tls: "files" });
    const holders = longRunning(system.services).filter((s) =>
      secretsOf(s).some(({ name }) => name === "tls-key"),
    );
    expect(holders.map(({ name }) => name)).toEqual(["certificates"]);
    expect(serviceOf(system, "certificates").files.map(({ path }) => path)).toEqual([
      "/run/secrets/tls-certificate",
      "/run/secrets/tls-key",
    ]);
  });
});

describe("settings of TLS that cannot work", () => {
  const found = (ingress: object, more: object = {}, secrets: readonly string[] = []): string[] =>
    problems(
      { environment: "prod", ingress: { ...open, ...ingress }, ...more },
      { secrets: new Set(secrets) },
    ).map(({ path, fix }) => `${path}: ${fix}`);

  it.each([
    ["no domain", {}],
    ["an address", { domain: "192.0.2.7" }],
    ["a name of this host", { domain: "localhost" }],
    ["a name of a closed network", { domain: "rag.internal" }],
  ])("are refused: acme with %s", (_, more) => {
    const [first, ...others] = found({ tls: "acme", ...more });
    expect(first).toMatch(
      /^ragdock:ingress\.domain: Run: pulumi config set --path 'ragdock:ingress\.domain'/,
    );
    expect(others).toEqual([]);
  });

  it("are accepted: a name in a closed network with a private authority", () =>
    expect(
      found({ tls: "acme", domain: "rag.internal", acmeServer: "https://ca.internal/acme/directory" }),
    ).toEqual([]));

  it("are refused: an IP address with an authority that validates names over HTTP", () =>
    expect(
      found({ tls: "acme", domain: "192.0.2.7", acmeServer: "https://ca.internal/acme/directory" }),
    ).toHaveLength(1));

  it("are refused: acme if the port is not public", () =>
    expect(found(acme, { services: { gateway: { exposure: "loopback" } } })[0]).toMatch(
      /^ragdock:ingress\.tls: Run: pulumi config set --path 'ragdock:services\.gateway\.exposure' public/,
    ));

  it("are refused: files without the two secrets, in one error", () => {
    expect(found({ tls: "files" })).toEqual([
      "ragdock:ingress.tls: Run: pulumi config set --secret ragdock:tlsCertificate < fullchain.pem",
      "ragdock:ingress.tls: Run: pulumi config set --secret ragdock:tlsKey < privkey.pem",
    ]);
    expect(found({ tls: "files" }, {}, ["tlsCertificate", "tlsKey"])).toEqual([]);
  });

  it.each([
    ["ingress.email", { tls: "internal", email: "ops@example.org" }],
    ["ingress.acmeServer", { tls: "internal", acmeServer: "https://ca.example.org/directory" }],
    ["ingress.domain", { domain: "rag.example.org" }],
  ])("are refused, because they have no effect: %s", (path, ingress) =>
    expect(found(ingress)).toEqual([`ragdock:${path}: Run: pulumi config rm --path 'ragdock:${path}'`]),
  );

  it("are refused: a system that publishes nothing", () =>
    expect(found({ tls: "internal" }, { services: { gateway: { exposure: "none" } } })).toContain(
      "ragdock:ingress.tls: Run: pulumi config rm --path 'ragdock:ingress.tls'",
    ));

  it("are refused: an ingress without the program for certificates", () =>
    expect(found({ tls: "internal" }, { services: { certificates: { enabled: false } } })).toEqual([
      "ragdock:services.certificates.enabled: Run: pulumi config set --path 'ragdock:services.certificates.enabled' true",
    ]));
});
