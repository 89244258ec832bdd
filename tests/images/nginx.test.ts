import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { withContainer } from "../support/docker.ts";

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
