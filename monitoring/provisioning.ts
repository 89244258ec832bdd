import { stringify } from "yaml";
import { datasource } from "./dashboards/grafana.ts";
import type { MonitoringOptions } from "./types.ts";

/** Where Grafana looks for the dashboards' JSON. */
const DASHBOARDS = "/etc/grafana/dashboards";

/** Grafana's provisioning as files, path to content: Prometheus as the data source, and the dashboards' folder. */
export function renderGrafanaProvisioning(options: MonitoringOptions): Record<string, string> {
  const source = {
    name: "Prometheus",
    ...datasource,
    access: "proxy",
    url: "http://prometheus:9090",
    isDefault: true,
    editable: false,
    jsonData: { timeInterval: options.scrapeInterval },
  };
  const provider = {
    name: "ragdock",
    folder: `${options.project} ${options.stack}`,
    type: "file",
    disableDeletion: true,
    allowUiUpdates: false,
    options: { path: DASHBOARDS },
  };
  const folder = "/etc/grafana/provisioning";
  return {
    [`${folder}/datasources/prometheus.yml`]: stringify({ apiVersion: 1, datasources: [source] }),
    [`${folder}/dashboards/ragdock.yml`]: stringify({ apiVersion: 1, providers: [provider] }),
  };
}
