import { stringify } from "yaml";
import { longRunning, type ServiceSpec } from "../config/spec/service.ts";
import type { MonitoringOptions } from "./options.ts";

/** The folder from which Grafana reads the dashboards' JSON. */
const dashboards = "/etc/grafana/dashboards";

/**
 * Grafana's provisioning as files, path to content: the services' data sources, and the folder of
 * the dashboards.
 */
export function renderGrafanaProvisioning(
  services: readonly ServiceSpec[],
  options: MonitoringOptions,
): Record<string, string> {
  const { scrapeInterval: timeInterval } = options;
  const datasources = longRunning(services).flatMap(({ datasource }) =>
    datasource ? [{ ...datasource, access: "proxy", editable: false, jsonData: { timeInterval } }] : [],
  );
  const provider = {
    name: "ragdock",
    folder: `${options.project} ${options.stack}`,
    type: "file",
    disableDeletion: true,
    allowUiUpdates: false,
    options: { path: dashboards },
  };
  const folder = "/etc/grafana/provisioning";
  return {
    [`${folder}/datasources/ragdock.yml`]: stringify({ apiVersion: 1, datasources }),
    [`${folder}/dashboards/ragdock.yml`]: stringify({ apiVersion: 1, providers: [provider] }),
  };
}
