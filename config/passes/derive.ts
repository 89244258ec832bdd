import type { ServiceTemplate } from "../services/module.ts";
import { isLongRunning, type ServiceSpec } from "../spec/service.ts";
import type { Pass } from "./pass.ts";

/**
 * Fills in what depends on the finished list. Alerts and dashboard rows come first, because the files of Prometheus and
 * Grafana are made of them.
 */
export const derive: Pass = (services) => {
  const observed = services.map((service) => withObservability(service, services));
  return observed.map((service) => {
    const {
      derive: own,
      deriveAlerts: _,
      deriveRows: __,
      omit: ___,
      sourceMount: ____,
      usesGpus: _____,
      ...spec
    } = service;
    return { ...spec, ...own?.(service, observed) } as ServiceSpec;
  });
};

function withObservability(service: ServiceTemplate, services: readonly ServiceSpec[]): ServiceTemplate {
  if (!isLongRunning(service)) return service;
  const alerts = [...(service.alerts ?? []), ...(service.deriveAlerts?.(service, services) ?? [])];
  const rows = [...(service.rows ?? []), ...(service.deriveRows?.(service, services) ?? [])];
  return {
    ...service,
    ...(alerts.length > 0 ? { alerts } : {}),
    ...(rows.length > 0 ? { rows } : {}),
  } as ServiceTemplate;
}
