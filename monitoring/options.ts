import { isLongRunning, type LongRunning, type Role, type ServiceSpec } from "../config/spec/service.ts";
import type { Target } from "../config/spec/target.ts";

/** The options for the monitoring of a whole stack. */
export interface MonitoringOptions {
  readonly project: string;
  readonly stack: string;
  readonly target: Target;
  /** The interval of scrapes and of the evaluation of rules, such as `15s`. */
  readonly scrapeInterval: string;
  /**
   * Where Alertmanager sends alerts: a URL, or a file that holds it. @default nowhere: alerts show
   * on its own page only
   */
  readonly alertWebhook?: { readonly url: string } | { readonly url_file: string };
}

/** A service that serves metrics. */
export type Scraped = LongRunning & Required<Pick<LongRunning, "metrics">>;

/** Type guard: whether a service serves metrics. */
export const isScraped = (service: ServiceSpec): service is Scraped =>
  isLongRunning(service) && service.metrics !== undefined;

/** A service that the blackbox exporter checks. */
export type Checked = LongRunning & Required<Pick<LongRunning, "blackbox">>;

/** Type guard: whether the blackbox exporter checks a service. */
export const isChecked = (service: ServiceSpec): service is Checked =>
  isLongRunning(service) && service.blackbox !== undefined;

/** Whether a service of this name exists. */
export const hasService = (services: readonly ServiceSpec[], name: string): boolean =>
  services.some((service) => service.name === name);

/** Whether a service of this role serves metrics. */
export const scrapesRole = (services: readonly ServiceSpec[], role: Role): boolean =>
  services.some((service) => service.role === role && isScraped(service));

/**
 * The metric for a service's memory: that of the container with cAdvisor, otherwise that of the
 * process.
 */
export const memoryMetric = (services: readonly ServiceSpec[]): string =>
  hasService(services, "cadvisor") ? "container_memory_working_set_bytes" : "process_resident_memory_bytes";

/** The counter of the CPU seconds that a service has used, of its containers or its processes. */
export const cpuMetric = (services: readonly ServiceSpec[]): string =>
  hasService(services, "cadvisor") ? "container_cpu_usage_seconds_total" : "process_cpu_seconds_total";

/**
 * How often a service was started within the last hour, its first start not included. If several
 * processes answer in turn, the newest one counts.
 */
export const starts = (services: readonly ServiceSpec[], selector = ""): string => {
  const metric = hasService(services, "cadvisor")
    ? "container_start_time_seconds"
    : "process_start_time_seconds";
  return `max by (service) (changes(max_over_time(${metric}${selector}[2m])[1h:1m]))`;
};
