import { Probe } from "../probe.ts";
import type { LongRunning } from "../service.ts";
import { userOf } from "../services/access.ts";
import { pythonBases } from "../services/app.ts";
import { type Context, common, on } from "../services/draft.ts";
import { secretFile } from "../services/files.ts";
import { cadvisor, redisExporter, watched } from "../services/monitoring.ts";
import { redis } from "../services/stores.ts";
import type { System } from "./system.ts";

/** Answers of a web application, cached by Redis; nothing is kept that could not be made again. */
export const m31: System = {
  about: "A web application that answers from its own pages, with Redis as a cache, and metrics of both.",
  differs: [
    "Python is 3.13: one Python serves all applications, and 3.11 is in no package of Debian 13.",
    "In production the web application has 2 GiB and not 4, so that two replicas fit into 8.",
  ],
  networks: { "rag-network": { internal: false } },
  services: (ctx) =>
    on(["rag-network"], [web(ctx), redis(ctx), ...watched(ctx), redisExporter(ctx), cadvisor()]),
};

function web(ctx: Context): LongRunning {
  return {
    ...common,
    name: "web",
    role: "api",
    kind: "stateless",
    image: {
      from: "build",
      name: "m31-web",
      context: "systems/m31",
      dockerfile: "systems/m31/Dockerfile",
      bases: pythonBases,
    },
    command: ["--serve"],
    user: "1000:1000",
    networks: [],
    environment: {
      ENVIRONMENT: ctx.prod ? "production" : "development",
      REDIS_HOST: "redis",
      REDIS_PORT: "6379",
      REDIS_USER: userOf(ctx, "redis"),
      REDIS_PASSWORD_FILE: "/run/secrets/redis-password",
      PORT: "8000",
    },
    files: [secretFile("redis-password")],
    endpoint: { container: 8000, host: 8000, exposure: ctx.prod ? "public" : "loopback" },
    probe: Probe.command(["python", "app.py", "--health"], { startPeriod: "10s" }),
    check: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    limits: { cpus: 1, memory: ctx.prod ? "2GiB" : "1GiB" },
    after: ["redis"],
  };
}
