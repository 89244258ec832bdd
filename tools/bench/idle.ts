import { serviceDefaults } from "../../config/services/module.ts";
import { Healthcheck } from "../../config/spec/healthcheck.ts";
import type { SystemSpec } from "../../config/spec/service.ts";

/**
 * Returns a system of services that do nothing, with the health check interval of the real
 * services.
 */
export const idleSystem = (count: number, image: string): SystemSpec => ({
  name: "idle",
  environment: "dev",
  target: "engine",
  swarm: { encrypted: false },
  images: "registry",
  registry: undefined,
  pinned: {},
  networks: { backend: { internal: true } },
  services: Array.from({ length: count }, (_, index) => ({
    ...serviceDefaults,
    name: `idle-${index + 1}`,
    role: "worker",
    kind: "stateless",
    image: { from: "reference", reference: image },
    command: ["sleep", "3600"],
    networks: ["backend"],
    environment: { INDEX: String(index + 1) },
    limits: { cpus: 0.1, memory: "16MiB" },
    stopGracePeriod: "1s",
    healthcheck: Healthcheck.command(["true"], { timeout: "30s", startPeriod: "1m" }),
  })),
  secrets: {},
  unavailable: {},
  urls: {},
  lostVolumes: {},
  lostFiles: {},
});
