import type { ServiceTemplate } from "../services/module.ts";
import { isLongRunning, type ServiceSpec } from "../spec/service.ts";
import type { Pass } from "./pass.ts";

/**
 * Fills in what depends on the finished list. Alerts come first, because the files of Prometheus
 * contain them.
 */
export const derive: Pass = (services) => {
  const observed = services.map((service) => withAlerts(service, services));
  return observed.map((service) => {
    const {
      derive: own,
      deriveFiles,
      deriveAlerts: _,
      deriveCalls: __,
      omit: ___,
      sourceMount: ____,
      usesGpus: _____,
      ...spec
    } = service;
    const files = [...spec.files, ...(deriveFiles?.(service, observed) ?? [])];
    return { ...spec, files, ...own?.(service) } as ServiceSpec;
  });
};

function withAlerts(service: ServiceTemplate, services: readonly ServiceSpec[]): ServiceTemplate {
  if (!isLongRunning(service) || !service.deriveAlerts) return service;
  const alerts = [...(service.alerts ?? []), ...service.deriveAlerts(service, services)];
  return { ...service, alerts } as ServiceTemplate;
}
