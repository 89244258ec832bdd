/**
 * Tests the routes of own applications: several ports, and host names. tests/images/app-names.test.ts
 * shows what a real ingress does with a host name.
 */
import { describe, expect, it } from "vitest";
import { shown } from "../../../config/spec/content.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const other = { image: "other:1.0", port: 8000, route: "/" };
const mine = { image: "mine:1.0", port: 8000, route: "/api/", healthcheck: { path: "/ping" } };
const apps = (app: Record<string, unknown>) => ({ apps: { other, mine: app } });
const confOf = (system: SystemSpec, name: string): string =>
  shown(serviceOf(system, name).files.find(({ path }) => path.endsWith("nginx.conf"))?.content ?? "");

describe("routes of an application", () => {
  it("lead to several ports", () => {
    const system = systemWith(apps({ ...mine, routes: { "/admin/": 9000 } }));
    const routes = serviceOf(system, "gateway").routes ?? [];
    expect(routes.map(({ path, service, port }) => [path, service, port])).toEqual([
      ["/", "other", 8000],
      ["/api/", "mine", 8000],
      ["/admin/", "mine", 9000],
    ]);
  });

  it.each([
    [{ route: "/", routes: {} }, "route"],
    [{ routes: { "/": 9000 } }, 'routes["/"]'],
    [{ routes: { "/monitoring/more/": 9000 } }, 'routes["/monitoring/more/"]'],
    [{ routes: { "/api/": 9000 } }, 'routes["/api/"]'],
    [{ routes: { admin: 9000 } }, "routes.admin"],
    [{ routes: { "/admin/": 70_000 } }, "routes./admin/"],
  ])("are refused by path: %j", (more, path) => {
    const found = problems(apps({ ...mine, ...more })).map((one) => one.path);
    expect(found).toContain(`ragdock:apps.mine.${path}`);
  });
});

describe("a host name of an application", () => {
  const ingress = { tls: "internal", domain: "rag.example.org" };
  const named = { ...mine, route: "mine.example.org", metricsPath: "/metrics" };

  it("leads to all of its paths, but not to its metrics", () => {
    const system = systemWith({ ...apps(named), ingress });
    expect(confOf(system, "ingress")).toContain(String.raw`"~^mine\.example\.org/(?!\~mine(/|\z))" /~mine;`);
    const conf = confOf(system, "gateway");
    expect(conf).toContain("location /~mine/ {");
    expect(conf).toContain(String.raw`rewrite ^/\~mine/(.*)$ /$1 break;`);
    expect(conf).toContain(String.raw`location ~ ^/\~mine/metrics(/|$) { return 404; }`);
  });

  it("is in the certificate and in the outputs", () => {
    const system = systemWith({ ...apps(named), ingress });
    expect(serviceOf(system, "certificates").environment.CERTIFICATES_NAMES).toBe("mine.example.org");
    expect(system.urls["mine.example.org"]).toBe("https://mine.example.org:8080");
  });

  it.each([
    [{}, "ingress.tls"],
    [{ tls: "internal" }, "ingress.domain"],
    [{ tls: "internal", domain: "mine.example.org" }, "which serves all paths"],
    [{ ...ingress, names: { "mine.example.org": "/" } }, "`ragdock:ingress.names` also has this name"],
  ])("is refused if %j cannot serve it", (settings, text) => {
    const found = problems({ ...apps(named), ingress: settings });
    const own = found.filter(({ path }) => path === "ragdock:apps.mine.route");
    expect(own.map((one) => `${one.problem} ${one.fix}`).join("\n")).toContain(text);
  });
});

describe("the time of an answer", () => {
  it("is that of each application in the gateway, and that of the slowest in the ingress", () => {
    const system = systemWith({ apps: { other, mine: { ...mine, timeout: "20m" } } });
    const conf = (name: string) => JSON.stringify(serviceOf(system, name).files);
    expect(conf("gateway").match(/proxy_read_timeout \w+/g)).toEqual([
      "proxy_read_timeout 600s",
      "proxy_read_timeout 1200s",
    ]);
    expect(conf("ingress").match(/proxy_read_timeout \w+/g)).toEqual(["proxy_read_timeout 1200s"]);
  });
});
