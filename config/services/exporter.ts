import { Healthcheck } from "../spec/healthcheck.ts";
import { serviceDefaults } from "./module.ts";

/** What every exporter is. */
export const exporterDefaults = {
  ...serviceDefaults,
  role: "exporter",
  kind: "stateless",
  networks: ["backend"],
  limits: { cpus: 0.25, memory: "64MiB" },
} as const;

/** An exporter starts within seconds. */
export const exporterHealth = (path: string, port: number): Healthcheck =>
  Healthcheck.http(path, port, { startPeriod: "10s" });
