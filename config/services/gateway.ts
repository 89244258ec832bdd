import type { HttpCheck } from "../spec/blackbox.ts";
import { type Content, content, joined } from "../spec/content.ts";
import { defined } from "../spec/defined.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import { catalogueImage } from "../spec/image.ts";
import type { LongRunning, Route, ServiceSpec } from "../spec/service.ts";
import { isLongRunning, longRunning, publishedPorts } from "../spec/service.ts";
import { type Duration, mebibytes, seconds } from "../spec/units.ts";
import { certificatesName, certificatesVolume } from "./certificates.ts";
import { type Context, type ServiceModule, type ServiceTemplate, serviceDefaults } from "./module.ts";
import {
  defaultAnswerTimeout,
  defaultMaxBody,
  drainingFile,
  nginxCatalogueImage,
  renderNginx,
  statusPort,
} from "./nginx.ts";
import type { RoutedPath } from "./nginx-locations.ts";

/** Above 1024, so that nginx needs no privilege. */
export const gatewayPort = 8080;

const { configPath } = nginxCatalogueImage;

const serveScript = "/etc/ragdock/serve.sh";

/**
 * The URLs that must answer before a new gateway takes requests, one per line. An application whose
 * check is not over HTTP has none.
 */
const revisionsFile = "/etc/ragdock/revisions";

/**
 * Starts nginx after every revision behind it has answered once. `pulumi up --refresh` forgets that
 * a revision never became healthy, so the gateway checks it. It sends the same host name as the
 * health checks in the containers: Django refuses hosts that it does not know. Only the container's
 * first start waits. Later starts are restarts by Docker, where the services behind the gateway may
 * start after it. At the stop signal nginx first refuses new requests for half a second. An nginx
 * that only stops resets connections that it has not accepted yet, and a POST on such a connection
 * may not be sent again. Half a second is enough, because a request follows about a millisecond
 * after the ingress' question.
 */
const serve = `rm -f ${drainingFile}
trap 'exit 0' QUIT TERM
if [ ! -f /tmp/opened ]; then
  while read -r url; do
    [ -n "$url" ] || continue
    until wget -q -T 2 --header "Host: 127.0.0.1" -O /dev/null "$url"; do echo "waiting for $url, which does not answer"; sleep 1; done
  done < ${revisionsFile}
  touch /tmp/opened
fi
trap 'touch ${drainingFile}; sleep 0.5; kill -QUIT "$nginx"' QUIT TERM
nginx -g 'daemon off;' &
nginx=$!
while kill -0 "$nginx" 2>/dev/null; do wait "$nginx"; code=$?; done
exit "$code"
`;

interface GatewayOptions {
  readonly name?: string;
  /** The host port in dev. In prod the port is 80. */
  readonly devPort?: number;
  readonly routes: (ctx: Context) => readonly Omit<Route, "listen">[];
  /** A service that reads the metrics of Prometheus through the gateway. @default none */
  readonly metricsFor?: string;
}

/** The gateway of a system that has several applications behind one port. */
export const gateway = ({
  name = "gateway",
  devPort = 8080,
  routes,
  metricsFor,
}: GatewayOptions): ServiceModule => ({
  images: [nginxCatalogueImage],
  services: (ctx) => [
    {
      ...gatewayTo(
        ctx,
        name,
        routes(ctx).map((route) => ({ ...route, listen: gatewayPort })),
        metricsFor,
      ),
      ports: [
        { container: gatewayPort, host: ctx.prod ? 80 : devPort, exposure: ctx.prod ? "public" : "loopback" },
      ],
    },
  ],
});

/** The path below which the gateway passes queries on to Prometheus, on its status port. */
export const metricsPath = "/prometheus";

/**
 * The only way from the web interface to Prometheus. It can read metrics, but neither the
 * configuration nor the targets.
 */
const prometheusQueries = `
    location ~ ^${metricsPath}(/api/v1/query(?:_range)?)$ {
      access_log off;
      limit_except GET { deny all; }
      set $prometheus prometheus;
      proxy_pass http://$prometheus:9090$1$is_args$args;
      proxy_pass_request_body off;
      proxy_set_header Content-Length "";
    }`;

/** A gateway, which passes requests to one revision of each service and writes the access log. */
export function gatewayTo(
  ctx: Context,
  name: string,
  routes: readonly Route[],
  metricsFor?: string,
): ServiceTemplate<LongRunning> {
  // A user's own application may also have this name.
  const isOwn = (s: ServiceSpec): boolean => isLongRunning(s) && s.ownPages === true;
  const queries = (services: readonly ServiceSpec[]): boolean =>
    [metricsFor, "prometheus"].every((needed) => services.some((s) => s.name === needed && !isOwn(s)));
  return {
    ...nginx(ctx, name, routes),
    role: "gateway",
    deriveCalls: (_, services) => (queries(services) ? ["prometheus"] : []),
    // If one crashes, the other one serves all requests until the first is replaced.
    replicas: ctx.prod ? 2 : 1,
    command: ["sh", serveScript],
    deriveFiles: ({ routes = [], stopGracePeriod }, services) => [
      {
        path: configPath,
        content: renderNginx(routedPaths(routes, services), "gateway", ctx.settings.ingress, {
          maxBody: maxBody(services),
          stopGracePeriod,
          statusLocations: queries(services) ? prometheusQueries : "",
        }),
      },
      { path: serveScript, content: serve },
      { path: revisionsFile, content: joined(revisionUrls(routes, services)) },
    ],
  };
}

/**
 * The ingress has the published ports and asks the gateway before each request. It rarely changes.
 * Only one container at a time can publish a port, so requests fail while the ingress is replaced.
 */
export function ingressTo(ctx: Context, routes: readonly Route[]): ServiceTemplate<LongRunning> {
  const { ingress } = ctx.settings;
  const base = nginx(ctx, "ingress", routes);
  return {
    ...base,
    role: "ingress",
    ...(ingress.tls === "off"
      ? {}
      : {
          volumes: [{ ...certificatesVolume, readOnly: true }],
          dependsOn: [...base.dependsOn, certificatesName],
          // nginx starts without a certificate, and then each handshake fails.
          blackbox: { module: "tls_connect", port: gatewayPort },
        }),
    // One client's 2,000 half-sent requests take 65 MiB (tests/images/flood.test.ts).
    limits: ctx.prod ? { cpus: 1, memory: "256MiB" } : { cpus: 0.5, memory: "128MiB" },
    deriveFiles: (self, services) => [
      {
        path: configPath,
        content: renderNginx(self.routes ?? [], "ingress", ingress, {
          maxBody: maxBody(services),
          stopGracePeriod: self.stopGracePeriod,
          answerTimeout: longestAnswer(services),
          ...defined({ redirectTo: redirectTarget(self) }),
        }),
      },
    ],
    omit: (self) => (publishedPorts(self).length > 0 ? undefined : "no service behind it publishes a port"),
  };
}

/**
 * The host port with TLS to which the port without TLS redirects. Undefined if there is no such
 * port.
 */
const redirectTarget = ({ ports }: LongRunning): number | undefined =>
  ports.some(({ redirects }) => redirects) ? ports.find(({ tls }) => tls)?.host : undefined;

function nginx(ctx: Context, name: string, routes: readonly Route[]): Omit<LongRunning, "role"> {
  return {
    ...serviceDefaults,
    name,
    ...catalogueImage(nginxCatalogueImage),
    routes,
    healthcheck: Healthcheck.http("/healthz", statusPort, { interval: "2s" }),
    blackbox: { module: "http_2xx", port: statusPort, path: "/healthz" },
    limits: ctx.prod ? { cpus: 1, memory: "128MiB" } : { cpus: 0.5, memory: "64MiB" },
    dependsOn: [...new Set(routes.map((route) => route.service))],
    // Streamed answers end within it. An open page of the web interface uses all of it.
    stopGracePeriod: ctx.prod ? "1m" : "10s",
  };
}

/** The variables that limit uploads, in MiB: of the reference application and of the systems. */
const uploadLimits = ["RAG_MAX_UPLOAD_MB", "MAX_UPLOAD_MB"];

/**
 * MiB of the largest request: one over the largest upload, so that the application explains what is
 * too large.
 */
const maxBody = (services: readonly ServiceSpec[]): number =>
  Math.max(
    defaultMaxBody,
    ...longRunning(services).flatMap(({ environment, maxRequest }) => [
      ...(maxRequest ? [mebibytes(maxRequest)] : []),
      ...uploadLimits.flatMap((name) =>
        /^\d+$/.test(environment[name] ?? "") ? [Number(environment[name]) + 1] : [],
      ),
    ]),
  );

/**
 * The time that the ingress waits for an answer. The ingress waits equally long for all services.
 * The gateway ends requests earlier if a service has less time.
 */
const longestAnswer = (services: readonly ServiceSpec[]): Duration =>
  longRunning(services)
    .flatMap(({ answerTimeout }) => answerTimeout ?? [])
    .reduce((most, one) => (seconds(one) > seconds(most) ? one : most), defaultAnswerTimeout);

/** Returns the routes, with what the gateway must know of the service behind each of them. */
const routedPaths = (routes: readonly Route[], services: readonly ServiceSpec[]): RoutedPath[] =>
  routes.map((route) => {
    const service = longRunning(services).find(({ name }) => name === route.service);
    const { metrics, uploadPaths, ownPages, answerTimeout, role } = service ?? {};
    // The console of a monitoring service has one container, which is replaced in place.
    const byName = role === "monitoring" || undefined;
    const own = metrics?.port === route.port ? metrics.path : "";
    // Under a host name, clients reach the application's paths below that of the route.
    const path = route.strip && ownPages && own ? content`${route.path.replace(/\/$/, "")}${own}` : own;
    const hidden = typeof path === "string" && path.startsWith(route.path) ? path : undefined;
    return { ...route, ...defined({ hidden, uploadPaths, ownPages, answerTimeout, byName }) };
  });

/** The URLs of the health checks of the routed revisions. */
const revisionUrls = (routes: readonly Route[], services: readonly ServiceSpec[]): Content[] =>
  [...new Set(routes.map((route) => route.service))].flatMap((name) => {
    const blackbox = longRunning(services).find((s) => s.name === name)?.blackbox;
    return blackbox?.module === "http_2xx" ? [content`${revisionUrl(name, blackbox)}\n`] : [];
  });

export const revisionUrl = (revisionOf: string, { port, path }: HttpCheck): Content =>
  content`http://${{ revisionOf }}:${port}${path}`;
