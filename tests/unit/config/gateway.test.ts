import { describe, expect, it } from "vitest";
import { renderNginx } from "../../../config/services/nginx.ts";
import { settings as allSettings } from "../../../config/settings/schema.ts";
import { shown } from "../../../config/spec/content.ts";
import { longRunning, type SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const configuration = (system: SystemSpec, name: string): string => {
  const service = longRunning(system.services).find((s) => s.name === name || s.role === name);
  return shown(service?.files.find(({ path }) => path === "/etc/nginx/nginx.conf")?.content ?? "");
};

const settings = allSettings.parse({}).ingress;

describe("a gateway's nginx.conf", () => {
  const conf = shown(
    renderNginx(
      [
        { listen: 8080, path: "/api/", service: "rag-api", port: 8000, hidden: "/api/metrics" },
        { listen: 8080, path: "/", service: "ui", port: 8501 },
      ],
      "gateway",
      settings,
    ),
  );

  it("looks up every upstream at each request, because nginx resolves a literal name only once", () => {
    const targets = [...conf.matchAll(/proxy_pass (\S+);/g)].map((match) => match[1]);
    expect(targets).toEqual(["http://$upstream_rag_api:8000", "http://$upstream_ui:8501"]);
    expect(conf).toContain("set $upstream_rag_api rag-api;");
  });

  it("waits more than a second for a connection, because the kernel sends a lost packet again after a second", () => {
    expect(conf.match(/proxy_connect_timeout \w+;/g)).toEqual(["proxy_connect_timeout 1500ms;"]);
    expect(conf).toContain("proxy_next_upstream error timeout;");
  });

  it("keeps upstream connections open, because an ingress that closes them runs out of ports at 28,000 requests a minute", () =>
    expect(conf).toContain("map $upgrade $connection_upgrade { default upgrade; '' close; }"));

  it("distinguishes a service that does not listen from one that accepted the request and failed", () => {
    for (const [status, variable] of [
      [502, "$broken_off"],
      [504, "$too_late"],
    ]) {
      expect(conf).toContain(`error_page ${status} = ${variable};`);
      expect(conf).toContain(
        `map $upstream_connect_time ${variable} { default @problem_503; "~\\d" @problem_${status}; }`,
      );
      expect(conf).toContain(`location @problem_${status} {`);
    }
    expect(conf).toContain("location @problem_503 {");
  });

  it("answers 404 for metrics", () => {
    expect([...conf.matchAll(/location [^{]*metrics.*/g)].map(([line]) => line)).toEqual([
      "location ~ ^/api/metrics(/|$) { return 404; }",
    ]);
  });

  it("has each location once, even if two routes lead to a service with upload paths", () => {
    const uploads = { listen: 8080, service: "api", port: 8000, uploadPaths: ["/api/documents"] };
    const locations = (...routes: { path: string }[]): string[] => {
      const all = routes.map((route) => ({ ...uploads, ...route }));
      const text = shown(renderNginx(all, "gateway", settings));
      return [...text.matchAll(/location (\/\S*) \{/g)].map(([, path]) => path as string);
    };
    expect(locations({ path: "/api/" }, { path: "/v1/" })).toEqual(["/api/", "/api/documents", "/v1/"]);
    expect(locations({ path: "/" }, { path: "/api/" })).toEqual(["/", "/api/", "/api/documents"]);
    expect(locations({ path: "/" }, { path: "/api/documents" })).toEqual(["/", "/api/documents"]);
    expect(locations({ path: "/api/documents/archive" }, { path: "/" })).toEqual([
      "/api/documents/archive",
      "/",
      "/api/documents",
    ]);
  });

  it("has one server for each port of a route, and one for its own status", () => {
    const two = shown(
      renderNginx(
        [
          { listen: 8080, path: "/", service: "web", port: 80 },
          { listen: 8082, path: "/", service: "admin", port: 81 },
        ],
        "gateway",
        settings,
      ),
    );
    expect([...two.matchAll(/listen (\d+);/g)].map((match) => match[1])).toEqual(["8080", "8082", "8081"]);
  });
});

it("a gateway waits for its revisions at the host that health checks ask for", () => {
  const { files } = longRunning(systemWith({}).services).find(({ name }) => name === "gateway") ?? {};
  const script = files?.find(({ path }) => path === "/etc/ragdock/serve.sh")?.content ?? "";
  expect(shown(script)).toContain('wget -q -T 2 --header "Host: 127.0.0.1" -O /dev/null "$url"');
});

describe("an ingress' nginx.conf", () => {
  const conf = shown(
    renderNginx([{ listen: 8080, path: "/", service: "gateway", port: 8080 }], "ingress", settings),
  );

  it("sends a request to a gateway that has just reported its readiness", () => {
    expect(conf).toContain("set $gateways gateway;");
    expect(conf).toContain("proxy_pass http://$gateways:8081/gateway;");
    expect(conf).toContain("proxy_pass http://$gateway:8080;");
  });

  it("drops the address of a replaced gateway in much less than a second, and tries once more", () => {
    const [asks = "", again = ""] = [...conf.matchAll(/location = \/\.ragdock\S+ \{[^}]*\}/g)].map(
      ([text]) => text,
    );
    expect(asks).toContain("proxy_connect_timeout 300ms;");
    expect(asks).toContain("error_page 502 504 = /.ragdock/gateway-again;");
    expect(again).toContain("location = /.ragdock/gateway-again");
    expect(again).not.toContain("proxy_connect_timeout");
  });

  it("trusts X-Forwarded-Proto from a TLS proxy in front", () => {
    expect(conf).toContain("map $http_x_forwarded_proto $forwarded_proto { https https; default $scheme; }");
    expect(conf).toContain("proxy_set_header X-Forwarded-Proto $forwarded_proto;");
  });
});

describe("the largest request", () => {
  const limits = (settings: Record<string, unknown>): (string | undefined)[][] => {
    const system = systemWith(settings);
    return ["ingress", "gateway"].map((name) => {
      const conf = configuration(system, name);
      return [/client_max_body_size (\w+);/, /at most (\w+ MiB)/].map((pattern) => pattern.exec(conf)?.[1]);
    });
  };
  const api = (environment: Record<string, string>) => ({ services: { api: { environment } } });
  const both = (mebibytes: number) => Array(2).fill([`${mebibytes}m`, `${mebibytes} MiB`]);

  it("is one MiB over the reference application's upload limit", () => {
    expect(limits({})).toEqual(both(26));
    expect(limits(api({ RAG_MAX_UPLOAD_MB: "100" }))).toEqual(both(101));
    expect(limits({ system: "rag-events", ...api({ MAX_UPLOAD_MB: "300" }) })).toEqual(both(301));
  });

  it("does not shrink with a smaller upload limit, and ignores a wrong one, which the application refuses", () => {
    expect(limits(api({ RAG_MAX_UPLOAD_MB: "5" }))).toEqual(both(26));
    expect(limits(api({ RAG_MAX_UPLOAD_MB: "many" }))).toEqual(both(26));
  });

  it("is app.bodySize for an own application", () => {
    const app = { image: "mine:1.0" };
    expect(limits({ app })).toEqual(both(26));
    expect(limits({ app: { ...app, bodySize: "2GiB" } })).toEqual(both(2048));
  });
});

describe.each(Object.keys(systems))("%s", (name) => {
  it.each(["dev", "prod"])(
    "checks each request at the ingress in %s, and limits the size of bodies by path",
    (environment) => {
      const secrets = new Set(["openaiApiKey", "mistralApiKey"]);
      const system = systemWith({ system: name, environment }, { secrets });
      const conf = configuration(system, "ingress");
      const servers = conf.match(/listen 80(?!81)\d\d;/g)?.length;
      expect(servers).toBeGreaterThan(0);
      expect(conf.match(/if \(\$refused\) \{ return 403; \}/g)).toHaveLength(servers ?? 0);
      const routed = longRunning(system.services).flatMap(({ role, routes = [] }) =>
        role === "gateway" ? routes : [],
      );
      for (const { service } of routed) expect(serviceOf(system, service).uploadPaths, service).toBeDefined();
    },
  );
});

describe("ragdock:ingress", () => {
  it.each([
    ["origins", "https://portal.example.org/", "https://portal.example.org"],
    ["origins", "portal.example.org", "https://portal.example.org"],
    ["origins", 'https://x"; return 200', "https://portal.example.org"],
    ["hosts", "rag.example.org:8080", "rag.example.org"],
    ["hosts", "x; return 200", "rag.example.org"],
    ["trustedProxies", "300.1.1.1", "192.0.2.7"],
    ["trustedProxies", "proxy", "192.0.2.7"],
  ])("refuses %s: [%s]", (setting, value, right) => {
    const [found] = problems({ ingress: { [setting]: [value] } });
    expect(found?.path).toBe(`ragdock:ingress.${setting}[0]`);
    expect(found?.fix).toContain(right);
  });

  it("lets the pages of an own application load from other sites", () => {
    const conf = configuration(systemWith({ app: { image: "mine:1" } }), "gateway");
    expect(conf).toContain("add_header Content-Security-Policy $own_content always;");
    expect(conf).toContain(`"" "frame-ancestors 'self'";`);
    expect(configuration(systemWith(), "gateway")).not.toContain("add_header Content-Security-Policy");
  });
});
