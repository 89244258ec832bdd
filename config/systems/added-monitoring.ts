import { alertmanager } from "../services/alertmanager.ts";
import { blackboxExporter } from "../services/blackbox-exporter.ts";
import { cadvisor } from "../services/cadvisor.ts";
import { grafana } from "../services/grafana.ts";
import type { ServiceModule, ServiceTemplate } from "../services/module.ts";
import { nginxExporter } from "../services/nginx-exporter.ts";
import { nodeExporter } from "../services/node-exporter.ts";
import type { PostgresModule } from "../services/postgres.ts";
import { postgresExporter } from "../services/postgres-exporter.ts";
import { prometheus } from "../services/prometheus.ts";
import { redisExporter } from "../services/redis-exporter.ts";
import type { StoreModule } from "../services/store.ts";
import type { ServiceSpec } from "../spec/service.ts";

/**
 * The modules that `monitoring: true` adds to a system: those of Prometheus, Alertmanager, Grafana
 * and the exporters that it does not have.
 * @param templates what its own modules describe
 */
export function addedMonitoring(
  modules: readonly ServiceModule[],
  templates: readonly ServiceTemplate[],
): ServiceModule[] {
  const has = (name: string): boolean => templates.some((s) => s.name === name);
  const always: Readonly<Record<string, () => ServiceModule>> = {
    prometheus,
    alertmanager: () => alertmanager({ publish: false }),
    grafana,
    "node-exporter": nodeExporter,
    "blackbox-exporter": () => blackboxExporter,
    cadvisor: () => cadvisor,
    "nginx-exporter": () => nginxExporter,
  };
  return [
    ...Object.entries(always).flatMap(([name, module]) => (has(name) ? [] : [module()])),
    ...modules.filter(isStore).flatMap((store) => exporterOf(store, templates)),
  ];
}

const isStore = (module: ServiceModule): module is StoreModule => "login" in module;

const isPostgres = (store: StoreModule): store is PostgresModule => "database" in store;

/**
 * An exporter for a store that no exporter watches yet. The second exporter of a kind has the name
 * of its store.
 */
function exporterOf(store: StoreModule, templates: readonly ServiceTemplate[]): ServiceModule[] {
  const isWatched = templates.some((s) => s.role === "exporter" && s.dependsOn.includes(store.name));
  if (isWatched) return [];
  const kind = isPostgres(store) ? "postgres" : "redis";
  const [first] = templates.filter((s): boolean => isServer(s, kind));
  const isTaken = templates.some((s) => s.name === `${kind}-exporter`);
  const name = first?.name === store.name && !isTaken ? `${kind}-exporter` : `${store.name}-exporter`;
  return isPostgres(store) ? [postgresExporter(store, undefined, name)] : [redisExporter(store, name)];
}

const isServer = ({ role, kind }: ServiceSpec, wanted: "postgres" | "redis"): boolean =>
  role === wanted && kind !== "job";
