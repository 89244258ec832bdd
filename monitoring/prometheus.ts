import { stringify } from "yaml";
import type { Blackbox } from "../config/spec/blackbox.ts";
import { type Content, contentFrom, secretsIn, shown } from "../config/spec/content.ts";
import { externalStores } from "../config/spec/external.ts";
import { exporterHost } from "../config/spec/networks.ts";
import type { ServiceSpec } from "../config/spec/service.ts";
import { isOnEachNode } from "../config/spec/swarm.ts";
import { hasService, isChecked, isScraped, type MonitoringOptions, type Scraped } from "./options.ts";

/** The folder in which the rules are mounted. Prometheus reads every file in it. */
const ruleFiles = "/etc/prometheus/rules/*.yml";

/**
 * The server's configuration: one job per service that serves metrics, with its name, and one per
 * blackbox module. Every series has the label `service`. Valid for Prometheus 2.53 and 3.
 */
export function renderPrometheus(services: readonly ServiceSpec[], options: MonitoringOptions): Content {
  const scraped = services.filter(isScraped);
  const config = {
    global: {
      scrape_interval: options.scrapeInterval,
      evaluation_interval: options.scrapeInterval,
      external_labels: { project: options.project, stack: options.stack },
    },
    rule_files: [ruleFiles],
    ...(hasService(services, "alertmanager") ? { alerting } : {}),
    scrape_configs: [
      ...scraped.map((service) => scrapeJob(service, options)),
      ...(hasService(services, "blackbox-exporter") ? blackboxJobs(checksOf(services)) : []),
    ],
  };
  const secrets = scraped.flatMap(({ metrics }) => secretsIn(metrics.path));
  return contentFrom(stringify(config, { lineWidth: 0 }), secrets);
}

const alerting = { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] };

function scrapeJob(service: Scraped, options: MonitoringOptions) {
  const { name, metrics } = service;
  return {
    job_name: name,
    metrics_path: shown(metrics.path),
    ...targets(service, options),
    relabel_configs: [{ target_label: "service", replacement: name }],
    ...(name === "cadvisor" ? { metric_relabel_configs: containerRelabelling(options) } : {}),
  };
}

/**
 * A single replica is a fixed target, which stays and shows `up` 0 when its container and name are
 * gone. For several replicas, and on each node of a Swarm, each address behind the name is a target.
 */
const targets = (service: Scraped, { target }: MonitoringOptions) => {
  const { name, role, metrics, replicas } = service;
  const host = role === "exporter" ? exporterHost(name) : name;
  return replicas > 1 || (target === "swarm" && isOnEachNode(service))
    ? { dns_sd_configs: [{ names: [host], type: "A", port: metrics.port, refresh_interval: "5s" }] }
    : { static_configs: [{ targets: [`${host}:${metrics.port}`] }] };
};

/**
 * cAdvisor reports every container of the host. Keeps those of this stack, each under the name of
 * its service.
 */
const containerRelabelling = ({ project, stack }: MonitoringOptions) => [
  {
    source_labels: ["__name__", "container_label_ragdock_project", "container_label_ragdock_stack"],
    regex: `container_.+;${project};${stack}|(?:cadvisor|machine|process|go)_.+;;`,
    action: "keep",
  },
  { source_labels: ["container_label_ragdock_service"], regex: "(.+)", target_label: "service" },
  { regex: "container_label_.+|id|image", action: "labeldrop" },
];

/** An address that the blackbox exporter checks. */
interface Check {
  readonly name: string;
  readonly host: string;
  readonly blackbox: Blackbox;
  readonly https?: boolean;
}

/** The checks of the services, and of the stores outside of the stack. */
const checksOf = (services: readonly ServiceSpec[]): Check[] => [
  ...services.filter(isChecked).map(({ name, blackbox }) => ({ name, host: name, blackbox })),
  ...externalStores(services),
];

const blackboxJobs = (checks: readonly Check[]) =>
  [...Map.groupBy(checks, ({ blackbox }) => blackbox.module)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, checked]) => blackboxJob(module, checked));

/**
 * The exporter is the target, and the address to check is its parameter. The exporter's name alone has
 * an address on each network that it shares with Prometheus, such as MinIO's, and it listens on one.
 */
const blackboxJob = (module: Blackbox["module"], checked: readonly Check[]) => ({
  job_name: `probe-${module}`,
  metrics_path: "/probe",
  params: { module: [module] },
  static_configs: checked.map((service) => ({
    targets: [addressOf(service)],
    labels: { service: service.name },
  })),
  relabel_configs: [
    { source_labels: ["__address__"], target_label: "__param_target" },
    { source_labels: ["__param_target"], target_label: "instance" },
    { target_label: "__address__", replacement: `${exporterHost("blackbox-exporter")}:9115` },
  ],
});

const addressOf = ({ host, blackbox, https }: Check): string =>
  blackbox.module === "http_2xx"
    ? `${https ? "https" : "http"}://${host}:${blackbox.port}${blackbox.path}`
    : `${host}:${blackbox.port}`;
