import { merge } from "../merge.ts";
import { Probe } from "../probe.ts";
import { isLongRunning, type LongRunning } from "../service.ts";
import { type Context, catalogue, common, type Draft } from "./draft.ts";

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

/** Metrics are for the system's own networks. */
const hide = ({ hidden }: Route): string =>
  hidden ? `    location ~ ^${hidden.replaceAll(/[^\w/-]/g, "\\$&")}(/|$) { return 404; }\n` : "";

/** nginx's variables know no hyphen. */
const variable = (route: Route): string => route.service.replaceAll("-", "_");

/** Where an nginx stands. */
export interface Place {
  /** Largest request body, in MiB. */
  readonly maxBodyMiB: number;
  /** Behind an edge, whose word on the client is taken: nobody else reaches it. @default false */
  readonly behindEdge?: boolean;
  /** Lines of the access log; an edge leaves them to the gateway behind it. @default true */
  readonly log?: boolean;
}

/**
 * nginx.conf for `routes`.
 * Names are looked up at each request (valid 1 s) and a dead address is given up after 300 ms for the next one,
 * so a replaced container costs no 502; shown by tests/e2e.
 */
export function renderNginx(routes: readonly Route[], place: Place): string {
  const { maxBodyMiB, behindEdge = false, log = true } = place;
  const locations = routes.map(
    (route) => `
${hide(route)}    location ${route.path} {
      set $upstream_${variable(route)} ${route.service};
      proxy_pass http://$upstream_${variable(route)}:${route.port};
    }`,
  );
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
  access_log ${log ? "/dev/stdout access" : "off"};

  map $http_upgrade $connection_upgrade { default upgrade; '' ''; }

  resolver 127.0.0.11 valid=1s ipv6=off;
  resolver_timeout 2s;
  client_max_body_size ${maxBodyMiB}m;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Real-IP ${behindEdge ? "$http_x_real_ip" : "$remote_addr"};
  proxy_set_header X-Forwarded-For ${behindEdge ? "$http_x_forwarded_for" : "$proxy_add_x_forwarded_for"};
  proxy_set_header X-Forwarded-Proto ${behindEdge ? "$http_x_forwarded_proto" : "$scheme"};
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;
  # Answers are streamed token by token.
  proxy_buffering off;
  proxy_connect_timeout 300ms;
  proxy_read_timeout 600s;
  proxy_next_upstream error timeout;
  proxy_next_upstream_tries 4;

  server {
    listen ${listen};
    error_page 502 504 = @unavailable;
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
    location = /healthz { access_log off; default_type text/plain; return 200 "ok\\n"; }
    location = /nginx_status { stub_status; access_log off; }
  }
}
`;
}

/** One MiB over the app's own limit, so that the app says what is too large. */
const maxBodyMiB = 26;

/** The one way in: every route of the system behind one port. */
export function gateway(ctx: Context, routes: readonly Route[]): LongRunning {
  return {
    ...nginx(ctx, routes, { maxBodyMiB, behindEdge: true }),
    name: "gateway",
    networks: ["frontend", "backend"],
    endpoint: {
      container: listen,
      host: ctx.prod ? 80 : 8080,
      exposure: ctx.prod ? "public" : "loopback",
    },
  };
}

function nginx(ctx: Context, routes: readonly Route[], place: Place): Omit<LongRunning, "name" | "networks"> {
  return {
    ...common,
    role: "gateway",
    kind: "stateless",
    ...catalogue("nginx"),
    files: [{ path: "/etc/nginx/nginx.conf", content: renderNginx(routes, place) }],
    probe: Probe.http("/healthz", statusPort, { interval: "2s" }),
    check: { module: "http_2xx", port: statusPort, path: "/healthz" },
    limits: ctx.prod ? { cpus: 1, memory: "128MiB" } : { cpus: 0.5, memory: "64MiB" },
    after: routes.map((route) => route.service),
  };
}

/**
 * A port of the host takes one container at a time, so whoever has it cannot be replaced new one first. A published
 * application or gateway therefore leaves its port to an nginx that hardly ever changes: the edge. Behind it everything
 * is replaced without a lost request and its replicas share the load. Anything else stays as it is.
 */
export function behindEdge(ctx: Context, draft: Draft): Draft[] {
  if (!isLongRunning(draft) || !["api", "ui", "gateway"].includes(draft.role)) return [draft];
  const { endpoint, ...service } = draft;
  if (!endpoint || endpoint.exposure === "none") return [draft];
  const route: Route = {
    path: "/",
    service: draft.name,
    port: endpoint.container,
    ...(draft.metrics ? { hidden: draft.metrics.path } : {}),
  };
  const isGateway = draft.role === "gateway";
  const name = isGateway ? "edge" : `${draft.name}-gateway`;
  const front: Draft = {
    ...nginx(ctx, [route], { maxBodyMiB, log: !isGateway }),
    name,
    networks: draft.networks,
    endpoint: { ...endpoint, container: listen, settings: draft.name },
  };
  return [service as Draft, merge(front, ctx.settings.services[name])];
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
    probe: Probe.http("/metrics", 9113),
    metrics: { port: 9113, path: "/metrics" },
    limits: { cpus: 0.25, memory: "64MiB" },
    after: ["gateway"],
  };
}
