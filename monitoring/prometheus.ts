import { stringify } from "yaml";
import {
  type BlackboxModule,
  hasService,
  isScraped,
  type MonitoredService,
  type MonitoringOptions,
  type ScrapedService,
} from "./types.ts";

/** Where the rules are mounted; every file there is read. */
const RULE_FILES = "/etc/prometheus/rules/*.yml";

/**
 * The server's configuration: one job per service that serves metrics, named like it, and one per probe module.
 * Every series carries `service`. Valid for Prometheus 2.53 and 3.
 */
export function renderPrometheus(services: readonly MonitoredService[], options: MonitoringOptions): string {
  const config = {
    global: {
      scrape_interval: options.scrapeInterval,
      evaluation_interval: options.scrapeInterval,
      external_labels: { project: options.project, stack: options.stack },
    },
    rule_files: [RULE_FILES],
    ...(hasService(services, "alertmanager") ? { alerting: alerting() } : {}),
    scrape_configs: [
      ...services.filter(isScraped).map((service) => scrapeJob(service, options)),
      ...probeJobs(services),
    ],
  };
  return stringify(config, { lineWidth: 0 });
}

function alerting() {
  return { alertmanagers: [{ static_configs: [{ targets: ["alertmanager:9093"] }] }] };
}

function scrapeJob(service: ScrapedService, options: MonitoringOptions) {
  const { name, metrics } = service;
  return {
    job_name: name,
    metrics_path: metrics.path,
    ...targets(service),
    relabel_configs: [{ target_label: "service", replacement: name }],
    ...(name === "cadvisor" ? { metric_relabel_configs: containerRelabelling(options) } : {}),
  };
}

/**
 * One replica is a fixed target, so that it stays one, with `up` 0, when its container and thereby its name are
 * gone; of several, each address behind the name is a target.
 */
function targets({ name, metrics }: ScrapedService) {
  return metrics.replicas > 1
    ? { dns_sd_configs: [{ names: [name], type: "A", port: metrics.port, refresh_interval: "5s" }] }
    : { static_configs: [{ targets: [`${name}:${metrics.port}`] }] };
}

/** cAdvisor tells of every container of the host: keeps this stack's, each under the name of its service. */
function containerRelabelling({ project, stack }: MonitoringOptions) {
  return [
    {
      source_labels: ["__name__", "container_label_ragdock_project", "container_label_ragdock_stack"],
      regex: `container_.+;${project};${stack}|(?:cadvisor|machine|process|go)_.+;;`,
      action: "keep",
    },
    { source_labels: ["container_label_ragdock_service"], regex: "(.+)", target_label: "service" },
    { regex: "container_label_.+|id|image", action: "labeldrop" },
  ];
}

function probeJobs(services: readonly MonitoredService[]) {
  if (!hasService(services, "blackbox-exporter")) return [];
  const modules: readonly BlackboxModule[] = ["http_2xx", "tcp_connect"];
  return modules.flatMap((module) => {
    const probed = services.flatMap(({ name, blackbox }) =>
      blackbox?.module === module ? [{ targets: [blackbox.target], labels: { service: name } }] : [],
    );
    return probed.length === 0 ? [] : [probeJob(module, probed)];
  });
}

/** The exporter is asked, and told whom to ask. */
function probeJob(
  module: BlackboxModule,
  probed: readonly { targets: string[]; labels: { service: string } }[],
) {
  return {
    job_name: `probe-${module}`,
    metrics_path: "/probe",
    params: { module: [module] },
    static_configs: probed,
    relabel_configs: [
      { source_labels: ["__address__"], target_label: "__param_target" },
      { source_labels: ["__param_target"], target_label: "instance" },
      { target_label: "__address__", replacement: "blackbox-exporter:9115" },
    ],
  };
}
