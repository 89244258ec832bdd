import { dockerDisk } from "../config/spec/promql.ts";
import {
  isLongRunning,
  longRunning,
  ownVolumes,
  type Role,
  type ServiceSpec,
} from "../config/spec/service.ts";
import { mebibytes } from "../config/spec/units.ts";
import { hasService, isScraped } from "./options.ts";

/** A series that Prometheus computes, with the service that it is about. */
interface RecordRule {
  readonly record: string;
  readonly expr: string;
  readonly labels: { readonly service: string };
}

/** The free bytes of the disk that holds Docker's data. */
export const freeDisk = `min(node_filesystem_avail_bytes{${dockerDisk}})`;

const constant = (record: string, { name }: ServiceSpec, value: number): RecordRule => ({
  record,
  expr: `vector(${value})`,
  labels: { service: name },
});

const mebibyte = 2 ** 20;

/** `ragdock:memory_limit_bytes{service}`: alerts and dashboards compare a service's memory with it. */
export const memoryLimit = (service: ServiceSpec): RecordRule =>
  constant("ragdock:memory_limit_bytes", service, mebibytes(service.limits.memory) * mebibyte);

/** `ragdock:cpu_limit_cores{service}`: the limit of each of its containers. */
export const cpuLimit = (service: ServiceSpec): RecordRule =>
  constant("ragdock:cpu_limit_cores", service, service.limits.cpus);

/**
 * `ragdock:log_limit_bytes{service}`: the size to which Docker's rotation lets its logs grow. Only
 * root on the host can read the size that they have.
 */
export function logLimit(service: ServiceSpec): RecordRule {
  const { maxSize, maxFiles } = service.logs;
  const containers = isLongRunning(service) ? service.replicas : 1;
  return constant("ragdock:log_limit_bytes", service, mebibytes(maxSize) * maxFiles * containers * mebibyte);
}

/** The sizes that exporters read from stores. */
const stored: Partial<Record<Role, string>> = {
  postgres: "pg_database_size_bytes",
  redis: "redis_aof_current_size_bytes",
};

/** Applications whose images measure the folder of their volume. */
const ofApplications = (services: readonly ServiceSpec[]): RecordRule[] =>
  services
    .filter((service) => service.role === "api" && isScraped(service) && ownVolumes(service).length > 0)
    .map(({ name }) => ({
      record: "ragdock:volume_bytes",
      expr: `max(rag_data_bytes{service="${name}"})`,
      labels: { service: name },
    }));

const ofPrometheus = [
  "prometheus_tsdb_storage_blocks_bytes",
  "prometheus_tsdb_wal_storage_size_bytes",
  "prometheus_tsdb_head_chunks_storage_size_bytes",
];

/**
 * `ragdock:volume_bytes{service}`: the size of the data in a volume, if its service reports it.
 */
export function volumeSizes(services: readonly ServiceSpec[]): RecordRule[] {
  const ofStores = longRunning(services).flatMap((store) => {
    const metric = stored[store.role];
    const exporter = services.find((s) => s.role === "exporter" && s.dependsOn.includes(store.name));
    if (!metric || !exporter) return [];
    const expr = `sum(${metric}{service="${exporter.name}"})`;
    return [{ record: "ragdock:volume_bytes", expr, labels: { service: store.name } }];
  });
  const known = [...ofStores, ...ofApplications(services)];
  if (!hasService(services, "prometheus")) return known;
  const expr = `sum(${ofPrometheus.join(" + ")})`;
  return [...known, { record: "ragdock:volume_bytes", expr, labels: { service: "prometheus" } }];
}
