import { stringify } from "yaml";
import type { ServiceSpec } from "../config/spec/service.ts";
import { alertGroups } from "./alerts/index.ts";
import type { MonitoringOptions } from "./options.ts";

/**
 * Alertmanager's configuration: grouped by alert and service, sent to the webhook if there is one.
 */
export function renderAlertmanager(services: readonly ServiceSpec[], options: MonitoringOptions): string {
  const { alertWebhook } = options;
  const webhook = { name: "webhook", webhook_configs: [{ ...alertWebhook, send_resolved: true }] };
  const config = {
    route: {
      receiver: alertWebhook ? "webhook" : "nowhere",
      group_by: ["alertname", "service"],
      group_wait: "30s",
      group_interval: "5m",
      repeat_interval: "4h",
      // Fires all the time by design. A site that monitors whether this alert arrives adds a
      // receiver for it.
      routes: [{ matchers: ['alertname="Watchdog"'], receiver: "nowhere" }],
    },
    inhibit_rules: inhibitions(services),
    receivers: [{ name: "nowhere" }, ...(alertWebhook ? [webhook] : [])],
  };
  return stringify(config, { lineWidth: 0 });
}

/** The consequences of an alert are not sent while that alert fires. */
function inhibitions(services: readonly ServiceSpec[]) {
  const alerts = alertGroups(services).flatMap((group) => group.alerts);
  const causes = new Map(
    alerts.flatMap(({ name, suppresses }) => (suppresses ? [[name, suppresses] as const] : [])),
  );
  return [...causes].map(([cause, consequences]) => ({
    source_matchers: [`alertname="${cause}"`],
    target_matchers: [`alertname=~"${consequences.join("|")}"`],
  }));
}
