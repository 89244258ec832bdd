import { stringify } from "yaml";
import { type MonitoredService, type MonitoringOptions, ofRole } from "./types.ts";

/** What is only the consequence of a store being down, and so is not sent while that alert fires. */
const CONSEQUENCES = "ServiceUnhealthy|HighErrorRate|HighLatencyP95|IngestionBacklog|IngestionFailing";

/** Alertmanager's configuration: grouped by alert and service, sent to the webhook where there is one. */
export function renderAlertmanager(
  services: readonly MonitoredService[],
  options: MonitoringOptions,
): string {
  const { alertWebhookUrl: url } = options;
  const webhook = { name: "webhook", webhook_configs: [{ url, send_resolved: true }] };
  const config = {
    route: {
      receiver: url === undefined ? "nowhere" : "webhook",
      group_by: ["alertname", "service"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "4h",
      // Fires all the time by design. A site that watches for its absence gives it a receiver of its own.
      routes: [{ matchers: ['alertname="Watchdog"'], receiver: "nowhere" }],
    },
    inhibit_rules: inhibitions(services),
    receivers: [{ name: "nowhere" }, ...(url === undefined ? [] : [webhook])],
  };
  return stringify(config, { lineWidth: 0 });
}

function inhibitions(services: readonly MonitoredService[]) {
  const stores = [
    { role: "postgres", alert: "PostgresDown" },
    { role: "redis", alert: "RedisDown" },
  ] as const;
  return stores
    .filter(({ role }) => ofRole(services, role) !== undefined)
    .map(({ alert }) => ({
      source_matchers: [`alertname="${alert}"`],
      target_matchers: [`alertname=~"${CONSEQUENCES}"`],
    }));
}
