import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { shown } from "../../config/spec/content.ts";
import { longRunning } from "../../config/spec/service.ts";
import { systems } from "../../config/systems/index.ts";
import { imageNamed, restrictions, runToEnd, standIn, withContainer } from "../support/docker.ts";
import { open, systemWith } from "../support/program.ts";

/** A configuration like the gateway's, with a high port and all written files below /tmp. */
const config = `
pid /tmp/nginx.pid;
error_log /dev/stderr;
events {}
http {
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  access_log /dev/stdout;
  server {
    listen 8080;
    location = /healthz { return 200 "ok"; }
  }
}
`;

it("runs as user 101 on a read-only root filesystem and logs to its standard streams", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-nginx-"));
  try {
    const file = join(folder, "nginx.conf");
    writeFileSync(file, config);
    const options = [...["--read-only", "--tmpfs", "/tmp"], ...["-v", `${file}:/etc/nginx/nginx.conf:ro`]];
    await withContainer("nginx", { options }, async (container) => {
      await container.healthy(["wget", "-q", "-O", "/dev/null", "http://127.0.0.1:8080/healthz"]);
      expect(await container.uid()).toBe("101:101");
      expect(await container.logs()).toContain("GET /healthz");
      expect(await container.stop()).toBe(0);
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

describe.each(Object.keys(systems))("the configurations of %s", (name) => {
  const secrets = new Set(["openaiApiKey", "mistralApiKey"]);
  const ingress = {
    origins: ["https://portal.example.org:8443", "http://other.example"],
    hosts: ["rag.example.org"],
    trustedProxies: ["10.0.0.0/8", "2001:db8::/32", "192.0.2.7"],
  };

  it.each([
    ["dev", "default settings", {}],
    ["prod", "default settings", {}],
    ["prod", "all settings of the ingress", { ingress: { ...open, ...ingress } }],
    ["prod", "TLS", { ingress: { ...open, tls: "internal" } }],
  ])("are accepted by nginx without a warning, in %s with %s", async (environment, _, more) => {
    const folder = mkdtempSync(join(tmpdir(), "ragdock-nginx-"));
    const fronts = longRunning(
      systemWith({ system: name, environment, ...more }, { secrets }).services,
    ).filter(({ role }) => role === "ingress" || role === "gateway");
    expect(fronts.length).toBe(2);
    try {
      for (const { name: service, files } of fronts) {
        const file = join(folder, service);
        writeFileSync(file, shown(files.find(({ path }) => path.endsWith("/nginx.conf"))?.content ?? ""));
        const options = [...restrictions(imageNamed("nginx")), "-v", `${file}:/etc/nginx/nginx.conf:ro`];
        const { status, output } = runToEnd(await standIn("nginx"), options, ["nginx", "-t", "-q"]);
        expect([service, status, output]).toEqual([service, 0, ""]);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
