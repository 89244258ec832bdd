/** Tests the output of `make health` and `make status`, and that `make up` waits for health. */
import { describe, expect, it } from "vitest";
import type { Finding } from "../../../host/finding.ts";
import { eventually } from "../../../tools/eventually.ts";
import { docker } from "../../support/stack.ts";
import { name, stack } from "./context.ts";

/**
 * The findings of `make health` without alerts, because alerts of earlier failures may still fire.
 */
async function findings(): Promise<Finding[]> {
  const { output } = await stack.make("health", "--json");
  const { findings: all } = JSON.parse(output) as { findings: Finding[] };
  return all.filter(({ problem }) => !problem.startsWith("Alert "));
}

const healthOf = async (service: string): Promise<string> =>
  (await docker("inspect", "--format", "{{.State.Health.Status}}", await stack.container(service))).trim();

const sql = async (input: string): Promise<void> => {
  const { code, output } = await stack.make("psql", { input });
  expect(code, output).toBe(0);
};

describe("health", () => {
  it("ends with 0 when nothing is wrong, and says what it has checked", async () => {
    const { output } = await eventually(async () => {
      const health = await stack.make("health");
      if (health.code !== 0) throw new Error(health.output);
      return health;
    }, 180);
    expect(output).toMatch(/All \d+ containers are healthy\./);
    expect(output).toContain("api is ready");
    expect(output).toMatch(
      /Prometheus: (\d+) of \1 targets serve metrics, (\d+) of \2 probes succeed, no alerts/,
    );
    expect(output).toMatch(new RegExp(`Last deployment: .* ago, with the settings of Pulumi.${name}.yaml`));
  });

  it("names a stopped service, what depends on it, and the command that starts it", async () => {
    await docker("stop", await stack.container("redis"));
    try {
      const { code, output } = await stack.make("health");
      expect(code, output).toBe(1);
      expect(output).toMatch(new RegExp(`^redis \\(ragdock-${name}-redis-\\w+\\) is stopped\\.`));
      expect(output).toContain(`Next: make up STACK=${name}`);
      expect(output).toMatch(/api \(\S+\) is not ready: \/api\/ready answers 503\.\n {2}redis: /);
    } finally {
      const { code, output } = await stack.make("up");
      expect(code, output).toBe(0);
    }
    expect((await findings()).filter(({ service }) => service !== "redis-exporter")).toEqual([]);
  });

  it("finds an application that is not ready although every container is healthy", async () => {
    await sql("ALTER TABLE embedding_space RENAME TO elsewhere");
    try {
      const found = await findings();
      expect(found.map(({ service }) => service)).toEqual(["api"]);
      expect(found[0]?.problem).toContain("is not ready: /api/ready answers 503.");
      expect(found[0]?.evidence.join()).toContain("database: ");
    } finally {
      await sql("ALTER TABLE elsewhere RENAME TO embedding_space");
    }
    expect(await findings()).toEqual([]);
  });

  it("finds a service that only the blackbox exporter cannot reach", async () => {
    const ui = await stack.container("ui");
    const network = `ragdock-${name}-app`;
    const [{ NetworkSettings }] = JSON.parse(await docker("inspect", ui));
    const aliases: string[] = NetworkSettings.Networks[network].Aliases;
    await docker("network", "disconnect", network, ui);
    try {
      const found = await eventually(async () => {
        const one = (await findings()).find(({ problem }) => problem.includes("blackbox exporter"));
        return one;
      });
      expect(found.service).toBe("ui");
      expect(found.evidence.join()).toMatch(/http:\/\/ui:8501\/_stcore\/health: ./);
    } finally {
      // A refresh does not notice that a container was disconnected from a network.
      await docker("network", "connect", ...aliases.flatMap((alias) => ["--alias", alias]), network, ui);
    }
    await eventually(async () => ((await findings()).length === 0 ? true : undefined));
  });
});

describe("up", () => {
  it("waits for a starting container, even if it does not change it", async () => {
    const postgres = await stack.container("postgres");
    await docker("restart", postgres);
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await stack.container("postgres")).toBe(postgres);
  });

  it("waits for a container that Docker still calls unhealthy after it was paused", async () => {
    const api = await stack.container("api");
    await docker("pause", api);
    try {
      await eventually(async () => ((await healthOf("api")) === "unhealthy" ? true : undefined), 120);
    } finally {
      await docker("unpause", api);
    }
    const { code, output } = await stack.make("up");
    expect(code, output).toBe(0);
    expect(await healthOf("api")).toBe("healthy");
    expect(await stack.container("api")).toBe(api);
  });
});

describe("status", () => {
  it("shows health, restarts, usage, URLs and the sizes of volumes, also as JSON", async () => {
    const { code, output } = await stack.make("status", "--json");
    expect(code, output).toBe(0);
    const status = JSON.parse(output);
    expect(status).toMatchObject({ stack: name, system: "full", environment: "dev", healthy: true });
    const postgres = status.services.find(({ service }: { service: string }) => service === "postgres");
    expect(postgres).toMatchObject({ health: "healthy", restarts: 0 });
    expect(postgres.usage.cpuPercent).toBeGreaterThanOrEqual(0);
    expect(postgres.usage.memory).toMatch(/MiB \/ \d/);
    for (const { volume, bytes } of status.volumes) expect(bytes, volume).toBeGreaterThan(0);
    const text = (await stack.make("status")).output;
    expect(text).toMatch(/^SERVICE +HEALTH +FOR +RESTARTS +CPU +MEMORY +URL/);
    expect(text).toMatch(new RegExp(`ragdock-${name}-postgres-data +[\\d.]+ MiB +postgres`));
  });
});
