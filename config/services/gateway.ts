import { merge } from "../passes/overrides.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { revision } from "../spec/revision.ts";
import { isLongRunning, type LongRunning } from "../spec/service.ts";
import { type Context, catalogue, common, type ServiceTemplate } from "./template.ts";

/** A path of the gateway and the service behind it. */
export interface Route {
  readonly path: string;
  readonly service: string;
  readonly port: number;
  /** A path below it that is nobody's business outside. */
  readonly hidden?: string;
}

/** The port inside the container; above 1024, so that nginx needs no privilege. */
const listen = 8080;
const statusPort = 8081;

/** One MiB over the app's own limit, so that the app says what is too large. */
const maxBodyMiB = 26;

/** There while a gateway takes no new requests, for it is about to end. */
const draining = "/tmp/draining";
const serveScript = "/etc/ragdock/serve.sh";

/** What has to answer before a new gateway takes requests: a URL in each line. */
export const revisionsFile = "/etc/ragdock/releases";

/**
 * Runs nginx, once every release that it leads to has answered: an engine that has looked at a release which never got
 * healthy (`pulumi up --refresh`) forgets that it failed. Only at its first start; later ones are the engine's, and what is
 * behind it may come after it.
 * At the signal to end, nginx first says for half a second that it takes no new requests: one that just ends resets
 * connections that it has not accepted yet, and nobody may send a POST on one of them again. Between an edge's question
 * and the request that follows lies about a millisecond.
 */
const serve = `rm -f ${draining}
trap 'exit 0' QUIT TERM
if [ ! -f /tmp/opened ] && [ -f ${revisionsFile} ]; then
  while read -r url; do
    until wget -q -T 2 -O /dev/null "$url"; do echo "waiting for $url, which does not answer"; sleep 1; done
  done < ${revisionsFile}
  touch /tmp/opened
fi
trap 'touch ${draining}; sleep 0.5; kill -QUIT "$nginx"' QUIT TERM
nginx -g 'daemon off;' &
nginx=$!
while kill -0 "$nginx" 2>/dev/null; do wait "$nginx"; code=$?; done
exit "$code"
`;

/** Metrics are for the system's own networks. */
const hide = ({ hidden }: Route): string =>
  hidden ? `    location ~ ^${hidden.replaceAll(/[^\w/-]/g, "\\$&")}(/|$) { return 404; }\n` : "";

/** nginx's variables know no hyphen. */
const variable = (route: Route): string => route.service.replaceAll("-", "_");

/**
 * What an nginx is here. An edge holds a port of the host and leads to whatever gateway there is; a gateway leads to one
 * release of each service, takes the edge's word on the client, and writes the access log.
 */
export type Kind = "ingress" | "gateway";

/** A gateway's location: leads to the one release that it is for. */
const toRevision = (route: Route): string => `
${hide(route)}    location ${route.path} {
      set $upstream_${variable(route)} ${revision(route.service)};
      proxy_pass http://$upstream_${variable(route)}:${route.port};
    }`;

/** An edge's locations: asks the gateways which of them takes requests, and leads to that one. */
const toGateway = (route: Route): string => `
${hide(route)}    location ${route.path} {
      auth_request /.ragdock/gateway;
      auth_request_set $gateway $upstream_http_x_gateway;
      proxy_pass http://$gateway;
    }
    location = /.ragdock/gateway {
      internal;
      set $gateways ${route.service};
      proxy_pass http://$gateways:${statusPort}/gateway;
      proxy_pass_request_headers off;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      # A gateway from before it was asked says 404.
      proxy_next_upstream error timeout http_503 http_404;
    }`;

/** A proxy with TLS in front of the edge has the last word; whoever says so without one fools only himself. */
const believeProxy = "  map $http_x_forwarded_proto $forwarded_proto { https https; default $scheme; }\n\n";

/**
 * nginx.conf for `routes`.
 * Names are looked up at each request (valid 1 s) and a dead address is given up after 300 ms for the next one,
 * so a replaced container costs no 502; shown by tests/e2e and tests/images.
 */
export function renderNginx(routes: readonly Route[], kind: Kind): string {
  const isEdge = kind === "ingress";
  const locations = routes.map(isEdge ? toGateway : toRevision);
  return `# Not auto: that counts the host's processors, whatever this container may use.
worker_processes 2;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events { worker_connections 1024; }

http {
  include /etc/nginx/mime.types;
  server_tokens off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  log_format access escape=json '{"time":"$time_iso8601","method":"$request_method","path":"$uri","status":$status,'
    '"bytes":$body_bytes_sent,"seconds":$request_time,"upstream":"$upstream_addr","upstream_status":"$upstream_status"}';
  access_log ${isEdge ? "off" : "/dev/stdout access"};

  # Who closes a connection keeps its port for a minute: let it be the other side, whose port is always the same one.
  map $http_upgrade $connection_upgrade { default upgrade; '' close; }

${isEdge ? believeProxy : ""}  resolver 127.0.0.11 valid=1s ipv6=off;
  resolver_timeout 2s;
  client_max_body_size ${maxBodyMiB}m;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Real-IP ${isEdge ? "$remote_addr" : "$http_x_real_ip"};
  proxy_set_header X-Forwarded-For ${isEdge ? "$proxy_add_x_forwarded_for" : "$http_x_forwarded_for"};
  proxy_set_header X-Forwarded-Proto ${isEdge ? "$forwarded_proto" : "$http_x_forwarded_proto"};
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  # Answers are streamed token by token.
  proxy_buffering off;
${isEdge ? "  # A gateway that took requests before a long upload may take none after it.\n  proxy_request_buffering off;\n" : ""}  proxy_connect_timeout 300ms;
  proxy_read_timeout 600s;
  proxy_next_upstream error timeout;
  proxy_next_upstream_tries 4;

  server {
    listen ${listen};
    error_page ${isEdge ? "500 " : ""}502 504 = @unavailable;
    error_page 413 = @too_large;
    location @unavailable {
      default_type application/problem+json;
      return 503 '{"title":"Service unavailable","status":503,"detail":"Nothing answers behind this path yet; try again in a few seconds."}';
    }
    location @too_large {
      default_type application/problem+json;
      return 413 '{"title":"Request too large","status":413,"detail":"A request may hold ${maxBodyMiB} MiB at most."}';
    }
${locations.join("\n")}
  }

  # For the probe and the metrics exporter; this port is never published, so that every path above is the application's.
  server {
    listen ${statusPort};
    # Whoever keeps a connection waits for a gateway that has been replaced.
    keepalive_timeout 0;
    location = /healthz { access_log off; default_type text/plain; return 200 "ok\\n"; }
    location = /gateway {
      access_log off;
      if (-f ${draining}) { return 503; }
      add_header X-Gateway $server_addr:${listen};
      return 204;
    }
    location = /nginx_status { stub_status; access_log off; }
  }
}
`;
}

/** The one way in: every route of the system behind one port. */
export function gateway(ctx: Context, routes: readonly Route[]): LongRunning {
  return {
    ...nginx(ctx, "gateway", routes),
    name: "gateway",
    networks: ["frontend", "backend"],
    endpoint: {
      container: listen,
      host: ctx.prod ? 80 : 8080,
      exposure: ctx.prod ? "public" : "loopback",
    },
  };
}

function nginx(ctx: Context, kind: Kind, routes: readonly Route[]): Omit<LongRunning, "name" | "networks"> {
  const conf = { path: "/etc/nginx/nginx.conf", content: renderNginx(routes, kind) };
  return {
    ...common,
    role: "gateway",
    kind: "stateless",
    ...catalogue("nginx"),
    ...(kind === "ingress"
      ? { files: [conf] }
      : { files: [conf, { path: serveScript, content: serve }], command: ["sh", serveScript] }),
    healthcheck: Healthcheck.http("/healthz", statusPort, { interval: "2s" }),
    blackbox: { module: "http_2xx", port: statusPort, path: "/healthz" },
    limits: ctx.prod ? { cpus: 1, memory: "128MiB" } : { cpus: 0.5, memory: "64MiB" },
    dependsOn: routes.map((route) => route.service),
    // Streamed answers end in it; an open page of the web interface holds it up for all of that time.
    stopGracePeriod: ctx.prod ? "1m" : "10s",
  };
}

/**
 * What users reach through a port of the host, with what stands in front of it; anything else stays as it is.
 * A published application gets a gateway, which is replaced after it and so sends nobody to a release that is not healthy.
 * A port takes one container at a time, so a gateway leaves its own to an edge, which hardly ever changes.
 */
export function published(ctx: Context, draft: ServiceTemplate): ServiceTemplate[] {
  if (!isLongRunning(draft) || !["api", "ui", "gateway"].includes(draft.role)) return [draft];
  const { endpoint, ...service } = draft;
  if (!endpoint || endpoint.exposure === "none") return [draft];
  const settings = endpoint.settings ?? draft.name;
  const isGateway = draft.role === "gateway";
  const name = isGateway ? `${settings}-ingress` : `${settings}-gateway`;
  const route: Route = {
    path: "/",
    service: draft.name,
    port: endpoint.container,
    ...(draft.metrics ? { hidden: draft.metrics.path } : {}),
  };
  const front: ServiceTemplate = {
    ...nginx(ctx, isGateway ? "ingress" : "gateway", [route]),
    name,
    networks: draft.networks,
    endpoint: { ...endpoint, container: listen, settings },
  };
  const merged: ServiceTemplate = merge(front, ctx.settings.services[name]);
  return [service as ServiceTemplate, ...(isGateway ? [merged] : published(ctx, merged))];
}

/** nginx's own counters as Prometheus metrics. */
export function gatewayExporter(): LongRunning {
  return {
    ...common,
    name: "nginx-exporter",
    role: "exporter",
    kind: "stateless",
    ...catalogue("nginx-exporter"),
    command: [`--nginx.scrape-uri=http://gateway:${statusPort}/nginx_status`],
    networks: ["backend"],
    // Its own page: at /metrics it asks nginx, and whether that answers is said by nginx_up and not by its health.
    healthcheck: Healthcheck.http("/", 9113),
    metrics: { port: 9113, path: "/metrics" },
    limits: { cpus: 0.25, memory: "64MiB" },
    dependsOn: [],
  };
}
