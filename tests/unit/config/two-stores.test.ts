/** Tests that two servers of one kind in a system do not share anything. */
import { describe, expect, it } from "vitest";
import { passes } from "../../../config/passes/index.ts";
import type { Run } from "../../../config/passes/pass.ts";
import { contextOf } from "../../../config/resolve.ts";
import type { Context, ServiceTemplate } from "../../../config/services/module.ts";
import { postgres } from "../../../config/services/postgres.ts";
import { postgresExporter } from "../../../config/services/postgres-exporter.ts";
import { prometheus } from "../../../config/services/prometheus.ts";
import { redis } from "../../../config/services/redis.ts";
import { redisExporter } from "../../../config/services/redis-exporter.ts";
import { secretFile } from "../../../config/services/secrets.ts";
import { settings } from "../../../config/settings/schema.ts";
import { collectSecrets, rotatable, secretsOf } from "../../../config/spec/secrets.ts";
import { isGuarded, longRunning, type ServiceSpec } from "../../../config/spec/service.ts";
import { full } from "../../../config/systems/full.ts";
import { renderRules } from "../../../monitoring/index.ts";
import { facts } from "../../support/program.ts";

const orders = postgres({ name: "orders", volume: "orders-data", devPort: 5433 });
const users = postgres({ name: "users", volume: "users-data", devPort: 5434 });

const exporters = [postgresExporter(orders, 9187), postgresExporter(users, 9188, "users-exporter")] as const;

const contextWith = (raw: Record<string, unknown>): Context => contextOf(settings.parse(raw), full, facts);

/** Returns the services that the passes make from templates. */
function finished(templates: readonly ServiceTemplate[], ctx: Context): readonly ServiceSpec[] {
  const run: Run = { ctx, problems: [], unavailable: {}, dropped: [] };
  const all = passes.reduce((list, pass) => pass(list, run), templates);
  expect(run.problems).toEqual([]);
  return all;
}

/** Returns the finished services of a system with both servers, and a client of each. */
function services(raw: Record<string, unknown> = {}): readonly ServiceSpec[] {
  const ctx = contextWith(raw);
  const modules = [orders, users, ...exporters, prometheus()];
  const clients = [orders, users].map(
    (store): ServiceTemplate =>
      ({
        ...exporters[0].services(ctx)[0],
        name: `${store.name}-client`,
        files: [secretFile(store.login(ctx).password)],
        dependsOn: [],
        alerts: [],
        rows: [],
        metrics: undefined,
      }) as unknown as ServiceTemplate,
  );
  return finished([...modules.flatMap((module) => [...module.services(ctx)]), ...clients], ctx);
}

const named = (all: readonly ServiceSpec[], name: string): ServiceSpec => {
  const found = all.find((s) => s.name === name);
  if (!found) throw new Error(`there is no ${name}`);
  return found;
};

describe("two PostgreSQL servers in one system", () => {
  const all = services();
  const secrets = collectSecrets(all);

  it("have a volume, a job and a port each", () => {
    const servers = longRunning(all).filter(({ role }) => role === "postgres");
    expect(servers.map(({ volumes }) => volumes.map(({ volume }) => volume))).toEqual([
      ["orders-data"],
      ["users-data"],
    ]);
    expect(servers.map(({ ports }) => ports.map(({ host }) => host))).toEqual([[5433], [5434]]);
    for (const store of ["orders", "users"]) {
      const job = named(all, `${store}-credentials`);
      expect(job.dependsOn).toEqual([store]);
      expect(job.environment.PGHOST).toBe(store);
    }
  });

  it("have two users and three passwords each, and share no secret", () => {
    expect(Object.keys(secrets)).toEqual([
      ...["orders-admin-password", "orders-monitor-password", "orders-monitor-user"],
      ...["orders-password", "orders-user"],
      ...["users-admin-password", "users-monitor-password", "users-monitor-user"],
      ...["users-password", "users-user"],
    ]);
    for (const [store, other] of [["orders", "users"] as const, ["users", "orders"] as const]) {
      const held = [store, `${store}-credentials`, `${store}-client`].flatMap((name) =>
        secretsOf(named(all, name)),
      );
      expect(held.filter(({ name }) => name.startsWith(other))).toEqual([]);
    }
    expect(all.filter(isGuarded).map(({ credentials }) => credentials.job)).toEqual([
      "orders-credentials",
      "users-credentials",
    ]);
  });

  it("let a client wait only for the job of its server", () => {
    expect(named(all, "orders-client").dependsOn).toEqual(["orders-credentials"]);
    expect(named(all, "users-client").dependsOn).toEqual(["users-credentials"]);
  });

  it("are rotated independently", () => {
    expect(rotatable(secrets)).toEqual(["orders-admin", "orders", "users-admin", "users"]);
    const rotated = services({ rotations: { users: 2 } });
    const changed = rotated.filter((s, index) => JSON.stringify(s) !== JSON.stringify(all[index]));
    // The server itself has only the administrator's password.
    expect(changed.map(({ name }) => name)).toEqual([
      "users",
      "users-credentials",
      "users-exporter",
      "users-client",
    ]);
    expect(collectSecrets(rotated)).toMatchObject({
      "orders-password": { generation: 1 },
      "users-password": { generation: 2 },
      "users-user": { value: "rag_2" },
    });
  });

  it("have an exporter and an alert each", () => {
    const rules = renderRules(all);
    // The exporters watch them, so the blackbox exporter does not.
    for (const store of ["orders", "users"])
      expect(rules).not.toContain(`probe_success{service="${store}"} == 0`);
    for (const name of ["postgres-exporter", "users-exporter"])
      expect(rules).toContain(`pg_up{service="${name}"} == 0`);
    expect(named(all, "users-exporter").environment.DATA_SOURCE_URI).toContain("users:5432");
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });
});

describe("two Redis servers in one system", () => {
  const ctx = contextWith({});
  const queue = redis({ name: "queue", volume: "queue-data" });
  const cache = redis({ name: "cache", volume: "cache-data" });
  const modules = [queue, cache, redisExporter(queue), redisExporter(cache, "cache-exporter")];
  const all = finished(
    modules.flatMap((module) => [...module.services(ctx)]),
    ctx,
  );

  it("have one exporter each, whose alerts concern its own server only", () => {
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
    expect(named(all, "cache-exporter").environment.REDIS_ADDR).toBe("redis://cache:6379");
    const rules = renderRules(all);
    for (const name of ["redis-exporter", "cache-exporter"]) {
      expect(rules).toContain(`redis_up{service="${name}"} == 0`);
      expect(rules).toContain(`redis_memory_used_rss_bytes{service="${name}"}`);
    }
  });
});
