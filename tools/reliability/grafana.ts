import { project } from "../../host/paths.ts";
import { pipe } from "../../host/pipe.ts";
import type { Checkout } from "../bench/checkout.ts";

/** nginx answers the requests to Grafana and serves the dashboards' files. It draws none. */
const conf = `pid /tmp/nginx.pid;
error_log /dev/stderr warn;
events { worker_connections 64; }
http {
  access_log off;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((what) => `  ${what}_temp_path /tmp/${what};`).join("\n")}
  server {
    listen 3000;
    location = /api/health { return 200 '{"database":"ok"}'; }
    location = /metrics { return 200 ''; }
    location / { root /etc/grafana; }
  }
}`;

/**
 * Builds a small web server in place of Grafana, for machines that cannot pull Grafana's image.
 * Returns its tag. The stand-in builds on the gateway's image.
 */
export async function grafanaStandIn(checkout: Checkout): Promise<string> {
  const tag = `${project}/grafana-stand-in:bench`;
  const lines = conf.split("\n").map((line) => `'${line.replaceAll("'", "'\\''")}'`);
  const text = `FROM ${(await checkout.container("gateway")).Image}
RUN printf '%s\\n' ${lines.join(" ")} > /etc/nginx/nginx.conf
LABEL ragdock.project=${project}
`;
  await pipe("docker", ["build", "--tag", tag, "-"], { input: { text } });
  return tag;
}
