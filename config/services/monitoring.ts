import { forAdmins } from "../spec/access.ts";
import { Healthcheck, wget } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage } from "../spec/image.ts";
import { lines, type Row, stat } from "../spec/monitoring.ts";
import { monitoringNetwork, nameOn } from "../spec/networks.ts";
import type { Source } from "../spec/official.ts";
import { orZero } from "../spec/promql.ts";
import type { LongRunning } from "../spec/service.ts";
import { type Context, type ServiceModule, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { devPort } from "./store.ts";

/** `nobody` in the images of the Prometheus project. */
export const nobody = "65534:65534";

/** The image that the images of the Prometheus project are built on. */
export const prometheusBase: Source = "prometheus/busybox@0f03428:uclibc/Dockerfile";

/** An image that serves metrics and has a program to check its health with. */
type Observable = CatalogueImage & Required<Pick<CatalogueImage, "healthcheck" | "metrics">>;

/** The values of a service that differ from the defaults, or that it has in addition. */
type Own = (ctx: Context) => Partial<ServiceTemplate<LongRunning>>;

const observed = (image: Observable, startPeriod?: "10s") => ({
  ...serviceDefaults,
  name: image.name,
  ...catalogueImage(image),
  healthcheck: Healthcheck.command(image.healthcheck, startPeriod ? { startPeriod } : {}),
  metrics: image.metrics,
});

/** Makes the module of an exporter. It starts within seconds. */
export const exporter = (image: Observable, own: Own = () => ({})): ServiceModule => ({
  images: [image],
  services: (ctx) => [
    {
      ...observed(image, "10s"),
      role: "exporter",
      limits: { cpus: 0.25, memory: "64MiB" },
      ...own(ctx),
    } as ServiceTemplate<LongRunning>,
  ],
});

/** An exporter as `listensToMonitoring` needs it. Its program has a flag for an address. */
type Listening = Pick<Observable, "name"> & {
  readonly port: number;
  readonly official: { readonly entrypoint: readonly string[] };
};

/**
 * Lets an exporter listen on the network of the monitoring only. It is also on other networks,
 * where the clients of a store could make it connect to any address. The health check asks only the
 * addresses of the container itself, so it cannot reach a predecessor.
 *
 * Swarm gives a name to a healthy task only. There the exporter listens on all of its networks.
 * @param name of the service
 */
export const listensToMonitoring = (
  { settings }: Context,
  image: Listening,
  healthPath: string,
  name: string = image.name,
): Partial<Pick<LongRunning, "entrypoint" | "healthcheck">> => {
  if (settings.target === "swarm") return {};
  const check = `while read -r address host _; do
  [ "$host" = "$HOSTNAME" ] && ${wget(image.port, healthPath, "$address").join(" ")} && exit
done < /etc/hosts
exit 1`;
  return {
    entrypoint: listenOn([monitoringNetwork], image, name),
    healthcheck: Healthcheck.shell(check, { startPeriod: "10s" }),
  };
};

/**
 * Starts an exporter that listens on its own address on each of these networks. As long as its
 * predecessors run, Docker's name server also returns their addresses for the name of the service.
 * Docker writes the container's own addresses into /etc/hosts, so the shell keeps only these.
 */
export const listenOn = (
  networks: readonly string[],
  { port, official }: Listening,
  name: string,
): readonly string[] => {
  const names = networks.map((network) => nameOn(network, name)).join(" ");
  const script = `found=
while read -r address host _; do
  [ "$host" = "$HOSTNAME" ] || continue
  for name in ${names}; do
    nslookup $name 2>&1 | grep -qwF $address || continue
    found=yes
    set -- "$@" --web.listen-address=$address:${port}
  done
done < /etc/hosts
[ $found ] && exec "$0" "$@"
echo "This container has no address of the names ${names}."
exit 1`;
  return ["sh", "-c", script, ...official.entrypoint];
};

export interface MonitoringServiceOptions {
  /** @default `<name>-data` */
  readonly volume?: string;
  /**
   * Whether dev publishes its port on loopback. `services.<name>.exposure` changes this.
   * @default true
   */
  readonly publish?: boolean;
}

/** Makes the module of a monitoring service that has data and a web page. */
export const monitoringService = (
  image: Observable & Required<Pick<CatalogueImage, "port" | "dataPath">>,
  { volume = `${image.name}-data`, publish = true }: MonitoringServiceOptions,
  own: Own,
): ServiceModule => ({
  images: [image],
  services: (ctx) => [
    {
      ...observed(image),
      role: "monitoring",
      kind: "stateful",
      volumes: [{ volume, path: image.dataPath }],
      ports: [devPort(ctx, image.port, publish ? image.port : undefined)],
      access: forAdmins,
      ...own(ctx),
    } as ServiceTemplate<LongRunning>,
  ],
});

/** The options of the monitoring files, from the stack's settings. */
export const monitoringOptions = ({ project, stack, prod, settings }: Context) => ({
  project,
  stack,
  prod,
  target: settings.target,
  scrapeInterval: settings.monitoring.scrapeInterval,
});

/**
 * The arguments with which the web page of a monitoring service works behind the sign-in. The
 * gateway removes the path from requests, and the service adds it to its links.
 */
export const behindSignIn = ({ settings }: Context, name: string): string[] => {
  const { signIn, domain = "localhost", tls } = settings.ingress;
  if (!signIn) return [];
  // Alertmanager does not start with an address without a host.
  const origin = `${tls === "off" ? "http" : "https"}://${domain}`;
  return [`--web.external-url=${origin}${consolePath(name)}`, "--web.route-prefix=/"];
};

/** The path of the gateway where admins find the web page of a monitoring service. */
export const consolePath = (name: string): string => `/monitoring/${name}/`;

/** Makes a dashboard row for a service that only the blackbox exporter measures. */
export const blackboxRow = (board: Row["board"], title: string, service: string, duration: string): Row => ({
  board,
  title,
  panels: [
    stat("Answers", orZero(`min(probe_success{service="${service}"})`), { redBelow: 1 }),
    lines(
      duration,
      { time: orZero(`max(probe_duration_seconds{service="${service}"})`) },
      { unit: "s", width: 20 },
    ),
  ],
});
