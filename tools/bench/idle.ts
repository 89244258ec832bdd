import { Healthcheck } from "../../config/spec/healthcheck.ts";
import type { LongRunning, SystemSpec } from "../../config/spec/service.ts";

/**
 * Returns a system of services that do nothing, with the health check interval of the real
 * services.
 */
export function idleSystem(count: number, image: string): SystemSpec {
  return {
    name: "idle",
    environment: "dev",
    images: "registry",
    pinned: {},
    networks: { backend: { internal: true } },
    services: Array.from({ length: count }, (_, index) => idleService(index + 1, image)),
    secrets: {},
    unavailable: {},
    urls: {},
    lostVolumes: {},
  };
}

function idleService(index: number, image: string): LongRunning {
  return {
    name: `idle-${index}`,
    role: "worker",
    kind: "stateless",
    image: { from: "reference", reference: image },
    command: ["sleep", "3600"],
    networks: ["backend"],
    environment: { INDEX: String(index) },
    files: [],
    mounts: [],
    volumes: [],
    ports: [],
    limits: { cpus: 0.1, memory: "16MiB" },
    logs: { maxSize: "1MiB", maxFiles: 1 },
    dependsOn: [],
    replicas: 1,
    stopGracePeriod: "1s",
    healthcheck: Healthcheck.command(["true"], { timeout: "30s", startPeriod: "1m" }),
  };
}
