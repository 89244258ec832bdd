import type { Role } from "../config/spec/service.ts";

/** A service as monitoring sees it: what can be asked of it, and how much memory it may have. */
export interface MonitoredService {
  readonly name: string;
  /** Where it serves metrics; each of several replicas is a target of its own. */
  readonly metrics?: { readonly port: number; readonly path: string; readonly replicas: number };
  /** What the blackbox exporter asks, e.g. `http://api:8000/api/health` or `postgres:5432`. */
  readonly blackbox?: { readonly module: BlackboxModule; readonly target: string };
  readonly kind: "stateful" | "stateless" | "job";
  readonly memoryLimitBytes?: number;
  readonly role: Role;
}

/** The modules of the blackbox exporter that renderBlackbox() defines. */
export type BlackboxModule = "http_2xx" | "tcp_connect";

/** What concerns the monitoring of a whole stack. */
export interface MonitoringOptions {
  readonly project: string;
  readonly stack: string;
  /** How often each target is scraped and each rule evaluated, e.g. `15s`. */
  readonly scrapeInterval: string;
  /** How long samples are kept, e.g. `15d`: a flag of the server, not part of its configuration file. */
  readonly retention: string;
  /** Whether cAdvisor runs; without it, memory is what the processes say of themselves. */
  readonly containerMetrics: boolean;
  /** Where Alertmanager sends what fires. @default nowhere: alerts show on its own page only */
  readonly alertWebhookUrl?: string;
  /** PostgreSQL's max_connections. @default what the server itself reports */
  readonly maxConnections?: number;
  readonly grafana: boolean;
  /** Whether data has to be backed up. */
  readonly prod: boolean;
}

/** A service that serves metrics. */
export type ScrapedService = MonitoredService & Required<Pick<MonitoredService, "metrics">>;

/** Whether a service serves metrics. */
export function isScraped(service: MonitoredService): service is ScrapedService {
  return service.metrics !== undefined;
}

/** Whether some service has this name. */
export function hasService(services: readonly MonitoredService[], name: string): boolean {
  return services.some((service) => service.name === name);
}

/** The service of a role that a system has once, under whatever name. */
export function ofRole(
  services: readonly MonitoredService[],
  role: MonitoredService["role"],
): MonitoredService | undefined {
  return services.find((service) => service.role === role);
}

/** Whether some service of this role serves metrics. */
export function scrapesRole(services: readonly MonitoredService[], role: MonitoredService["role"]): boolean {
  return services.some((service) => service.role === role && isScraped(service));
}
