import { type Container, serviceOf } from "../../host/docker.ts";
import { project } from "../../host/paths.ts";
import { pipe } from "../../host/pipe.ts";

/** Answers what Grafana is asked for by the stack and shows the dashboards' files; it draws nothing. */
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
 * The name of a small web server in Grafana's place, made where Grafana's own image cannot be had.
 * @param containers the running stack's: it is built on the image that its gateway has
 */
export async function grafanaStandIn(containers: readonly Container[]): Promise<string> {
  const gateway = containers.find((c) => serviceOf(c) === "gateway");
  if (!gateway) throw new Error("there is no gateway whose image Grafana's stand-in could be built on");
  const tag = `${project}/grafana-stand-in:bench`;
  const lines = [
    `FROM ${gateway.Image}`,
    `RUN printf '%s\\n' ${conf.split("\n").map(quoted).join(" ")} > /etc/nginx/nginx.conf`,
    `LABEL ragdock.project=${project}`,
  ];
  await pipe("docker", ["build", "--tag", tag, "-"], { input: { text: `${lines.join("\n")}\n` } });
  return tag;
}

const quoted = (line: string): string => `'${line.replaceAll("'", "'\\''")}'`;
