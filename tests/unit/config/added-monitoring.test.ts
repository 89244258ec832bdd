/** Tests what `monitoring: true` adds to each system. tests/e2e runs the same services in `full`. */
import { expect, it } from "vitest";
import { userSecrets } from "../../../config/settings/schema.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { systems } from "../../../config/systems/index.ts";
import { systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const watching = ({ services }: SystemSpec): string[] =>
  services.flatMap(({ name, role }) => (role === "monitoring" || role === "exporter" ? [name] : [])).sort();

const secrets = new Set(Object.keys(userSecrets));

const everywhere = [
  ...["alertmanager", "blackbox-exporter", "cadvisor", "grafana", "nginx-exporter"],
  ...["node-exporter", "prometheus"],
];

it.each([
  ["myrag", ["postgres-exporter"]],
  ["m31", ["redis-exporter"]],
  ["rag-events", []],
  ["financerag", []],
  ["mnemolite", ["postgres-exporter"]],
])("%s gets everything that it lacks, in dev and in prod", (system, more) => {
  const dev = systemWith({ system, monitoring: true });
  expect(watching(dev)).toEqual([...everywhere, ...more].sort());
  const prod = watching(
    systemWith({ system, monitoring: { enabled: true }, environment: "prod" }, { secrets }),
  );
  expect(prod).toEqual([...everywhere, ...more].filter((name) => name !== "cadvisor").sort());
  expect(watching(systemWith({ system }))).not.toEqual(watching(dev));
});

it("the added Prometheus scrapes the services of the system and alerts on them", () => {
  const { services, urls, unavailable } = systemWith({ system: "mnemolite", monitoring: "true" });
  const config = services.find(({ name }) => name === "prometheus")?.files ?? [];
  const text = JSON.stringify(config.map(({ content }) => content));
  for (const target of ["api:8000", "postgres-exporter", "blackbox-exporter"]) expect(text).toContain(target);
  expect(services.find(({ name }) => name === "postgres-exporter")).toMatchObject({
    dependsOn: expect.arrayContaining(["db", "db-credentials"]),
    environment: { DATA_SOURCE_URI: "db:5432/mnemolite?sslmode=disable" },
  });
  expect(urls).toMatchObject({ prometheus: "http://localhost:9090", grafana: "http://localhost:3000" });
  expect(unavailable).toEqual({});
});

it("the added monitoring says which services no package provides", () => {
  const { unavailable } = systemWith({ system: "mnemolite", monitoring: true, images: "packages" });
  expect(Object.keys(unavailable).sort()).toEqual(["cadvisor", "grafana"]);
});

it("the added monitoring accepts the other monitoring settings, which mnemolite alone refuses", () => {
  const monitoring = { enabled: true, retention: "30d", alertWebhook: "https://hooks.example.org/x" };
  expect(problems({ system: "mnemolite", monitoring })).toEqual([]);
  expect(problems({ system: "mnemolite", monitoring: { retention: "30d" } })).toMatchObject([
    { path: "ragdock:monitoring", problem: "mnemolite has no Prometheus" },
  ]);
});

it("`monitoring` is refused where nothing is missing, and as `false`", () => {
  expect(problems({ monitoring: true })).toMatchObject([
    { path: "ragdock:monitoring.enabled", problem: "full already has all of these services" },
  ]);
  expect(problems({ system: "m31", monitoring: false })).toHaveLength(1);
  expect(problems({ system: "m31", monitoring: { enabld: true } })).toMatchObject([
    { path: "ragdock:monitoring.enabld", fix: expect.stringContaining("enabled") },
  ]);
  expect(Object.keys(systems)).toHaveLength(6);
});
