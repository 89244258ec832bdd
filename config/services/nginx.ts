import type { IngressSettings } from "../settings/ingress.ts";
import { type Content, content, joined } from "../spec/content.ts";
import { wget } from "../spec/healthcheck.ts";
import type { CatalogueImage } from "../spec/image.ts";
import type { Route } from "../spec/service.ts";
import { type Duration, seconds } from "../spec/units.ts";
import { authName } from "./auth.ts";
import { authLocations, identityForwarded } from "./nginx-auth.ts";
import { gatewayMaps, guardMaps, guards } from "./nginx-guards.ts";
import { type RoutedPath, toRevision } from "./nginx-locations.ts";
import { frontedUri, nameMaps } from "./nginx-names.ts";
import { errorPages, failureMaps, problemLocations } from "./nginx-problems.ts";
import { plainServer, tlsServer, tlsSettings } from "./nginx-tls.ts";

export const nginxCatalogueImage = {
  name: "nginx",
  reference: "nginx:1.30.4-alpine",
  // The image starts as root by default. As user 101, nginx needs writable paths for its pid file
  // and temporary files.
  user: "101:101",
  port: 80,
  configPath: "/etc/nginx/nginx.conf",
  healthcheck: wget(80, "/"),
  official: {
    sources: [
      "docker-library/repo-info@0844135:repos/nginx/remote/1.30.4-alpine.md",
      "nginx/docker-nginx@80b66be:stable/alpine-slim/docker-entrypoint.sh",
    ],
    base: "alpine",
    programs: ["curl", "nginx"],
    entrypoint: ["/docker-entrypoint.sh"],
    runsCommands: true,
    startsAs: "root",
  },
  standIn: { folder: "dockerfiles/nginx", entrypoint: [] },
} as const satisfies CatalogueImage;

/** The port for the health check, the metrics exporter and the ingress. It is never published. */
export const statusPort = 8081;

/** This file exists while a gateway refuses new requests because it is about to stop. */
export const drainingFile = "/tmp/draining";

/**
 * The largest request in MiB, unless a service behind it accepts a larger one. The reference
 * application accepts 25.
 */
export const defaultMaxBody = 26;

/** The longest time without a byte of an answer, unless a service behind it needs longer. */
export const defaultAnswerTimeout: Duration = "600s";

/**
 * A gateway passes requests to one revision of each service. An ingress has the published ports and
 * passes requests to a gateway.
 */
export type NginxKind = "ingress" | "gateway";

interface NginxOptions {
  /** The largest request in MiB. @default `defaultMaxBody` */
  readonly maxBody?: number;
  /** @default `defaultAnswerTimeout` */
  readonly answerTimeout?: Duration;
  /** The time from the stop signal to SIGKILL. @default open connections are not closed before it */
  readonly stopGracePeriod?: Duration;
  /** More locations of the port for the status. @default none */
  readonly statusLocations?: string;
  /** The port of the host with TLS to which a port without TLS redirects. @default there is none */
  readonly redirectTo?: number;
}

/**
 * An ingress' locations. The ingress asks the gateways which of them accepts requests, and uses
 * that one. Before it gives up, it asks once more with a longer timeout, because a packet can be
 * lost.
 */
const toGateway = (route: RoutedPath, uri: string): Content => `
    location ${route.path} {
      auth_request /.ragdock/gateway;
      auth_request_set $gateway $upstream_http_x_gateway;
      proxy_pass http://$gateway:${route.port}${uri};
    }
    location = /.ragdock/gateway {
${ask(route)}
      # The address of a replaced gateway does not answer: the next one does.
      proxy_connect_timeout 300ms;
      error_page 502 504 = /.ragdock/gateway-again;
    }
    location = /.ragdock/gateway-again {
${ask(route)}
    }`;

/** The question to the gateways. */
const ask = ({ service }: Route): string => `      internal;
      set $gateways ${service};
      proxy_pass http://$gateways:${statusPort}/gateway;
      proxy_pass_request_headers off;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
      proxy_next_upstream error timeout http_503;`;

/** The server for all routes on one port. */
function server(
  listen: number,
  routes: readonly RoutedPath[],
  kind: NginxKind,
  settings: IngressSettings,
  maxBody: number,
): Content {
  const isIngress = kind === "ingress";
  const hasTls = isIngress && settings.tls !== "off";
  const auth = kind === "gateway" ? routes.find(({ service }) => service === authName) : undefined;
  const others = routes.filter((route) => route !== auth);
  const locations = others.map((route) =>
    isIngress ? toGateway(route, frontedUri(settings)) : toRevision(route, others, auth !== undefined),
  );
  const questions = auth ? authLocations(auth, others) : "";
  return content`
  server {
    listen ${listen}${hasTls ? " ssl" : ""};
${hasTls ? tlsServer : ""}${isIngress ? guards : ""}${errorPages("    ", kind)}${joined(locations)}${questions}
${problemLocations(kind, maxBody)}  }
`;
}

/** Pages that stay open are closed before SIGKILL, and nginx ends by itself. */
const closing = (stopGracePeriod: Duration): string =>
  `worker_shutdown_timeout ${Math.floor(seconds(stopGracePeriod) * 0.9)}s;\n`;

/**
 * nginx.conf for these routes. Names are looked up at each request and stay valid for 1 s. The
 * ingress tries the next address if a replaced gateway does not answer within 300 ms, so that no
 * request fails with 502 (tests/e2e and tests/images).
 */
export function renderNginx(
  routes: readonly RoutedPath[],
  kind: NginxKind,
  settings: IngressSettings,
  {
    maxBody = defaultMaxBody,
    answerTimeout = defaultAnswerTimeout,
    stopGracePeriod,
    statusLocations = "",
    redirectTo,
  }: NginxOptions = {},
): Content {
  const isIngress = kind === "ingress";
  const hasTls = isIngress && settings.tls !== "off";
  const hasSignIn = routes.some(({ service }) => service === authName);
  const user = hasSignIn ? '"user":"$auth_user",' : "";
  const servers = [...Map.groupBy(routes, ({ listen }) => listen)].map(([listen, own]) =>
    server(listen, own, kind, settings, maxBody),
  );
  return content`# Not auto: that counts the host's processors, whatever this container may use.
worker_processes 2;
# Each request uses a connection to the client and one to the service behind.
worker_rlimit_nofile 16384;
${stopGracePeriod ? closing(stopGracePeriod) : ""}pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events { worker_connections 8192; }

http {
  include /etc/nginx/mime.types;
  server_tokens off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  # Redirects keep the host and the port that the client used.
  absolute_redirect off;
  # A client that sends slowly must not hold a connection for long. The second time is that between two reads.
  client_header_timeout 10s;
  client_body_timeout 30s;
  reset_timedout_connection on;

  log_format access escape=json '{"time":"$time_iso8601","client":"$client",${user}"method":"$request_method","path":"$uri","status":$status,'
    '"bytes":$body_bytes_sent,"seconds":$request_time,"upstream":"$upstream_addr","upstream_status":"$upstream_status"}';
  ${isIngress ? "# The gateway logs the requests that it gets.\n  access_log /dev/stdout access if=$unpassed;" : "access_log /dev/stdout access;"}

  # Keeps upstream connections open. The side that closes first holds its port in TIME_WAIT for 60 s, and the ingress
  # would run out of ports.
  map $upgrade $connection_upgrade { default upgrade; '' close; }
  # WebSockets only. A service that changes to HTTP/2 could get requests that nothing has checked. A request over
  # HTTP/2 cannot become a WebSocket: nginx would write into the connection of all its requests.
  map "$server_protocol $http_upgrade" $upgrade { default ""; "~*^HTTP/1\\.1 websocket$" websocket; }

${hasTls ? tlsSettings : ""}${isIngress ? guardMaps(settings) + nameMaps(settings) : gatewayMaps(settings) + failureMaps}  resolver 127.0.0.11 valid=1s ipv6=off;
  resolver_timeout 2s;
  client_max_body_size ${maxBody}m;
  proxy_http_version 1.1;
  proxy_set_header Host $http_host;
  proxy_set_header X-Real-IP ${isIngress ? "$remote_addr" : "$http_x_real_ip"};
  # The ingress replaces what the client sent: the services behind it believe these headers.
  proxy_set_header X-Forwarded-For ${isIngress ? "$remote_addr" : "$http_x_forwarded_for"};
  proxy_set_header Forwarded "";
${identityForwarded(hasSignIn)}  proxy_set_header X-Forwarded-Proto ${isIngress ? "$forwarded_proto" : "$http_x_forwarded_proto"};
  proxy_set_header Upgrade $upgrade;
  proxy_set_header Connection $connection_upgrade;
  # Answers are streamed token by token.
  proxy_buffering off;
${isIngress ? "  # A gateway that took requests before a long upload may take none after it.\n  proxy_request_buffering off;\n" : ""}  # Longer than the second after which the kernel repeats a lost packet of a new connection.
  proxy_connect_timeout 1500ms;
  proxy_read_timeout ${seconds(answerTimeout)}s;
  proxy_next_upstream error timeout;
  proxy_next_upstream_tries 4;
${joined(servers)}${redirectTo ? plainServer(redirectTo, maxBody) : ""}
  server {
    listen ${statusPort};
    # A kept connection would lead to a gateway that has been replaced.
    keepalive_timeout 0;
    location = /healthz { access_log off; default_type text/plain; return 200 "ok\\n"; }
    location = /gateway {
      access_log off;
      if (-f ${drainingFile}) { return 503; }
      add_header X-Gateway $server_addr;
      return 204;
    }
    location = /nginx_status { stub_status; access_log off; }${statusLocations}
  }
}
`;
}
