import { alertmanager } from "../services/alertmanager.ts";
import { blackboxExporter } from "../services/blackbox-exporter.ts";
import { cadvisor } from "../services/cadvisor.ts";
import { type Context, serviceDefaults } from "../services/module.ts";
import { prometheus } from "../services/prometheus.ts";
import { pythonApp } from "../services/python.ts";
import { redis, redisTls } from "../services/redis.ts";
import { redisExporter } from "../services/redis-exporter.ts";
import { secretFile, secretPath, userName } from "../services/secrets.ts";
import { asks } from "../spec/access.ts";
import { Healthcheck } from "../spec/healthcheck.ts";
import type { LongRunning } from "../spec/service.ts";
import type { System } from "./system.ts";

const cache = redis();

/** A web application whose answers are cached in Redis. All its data can be created again. */
export const m31: System = {
  about: "A web application that answers from its own pages, with Redis as a cache, and metrics of both.",
  differs: [
    "Python is 3.13: one Python serves all applications, and Debian 13 has no package of 3.11.",
    "In production the web application has 2 GiB and not 4, so that two replicas fit into 8.",
  ],
  modules: [
    { services: (ctx) => [web(ctx)] },
    cache,
    prometheus({ publish: false }),
    alertmanager({ publish: false }),
    blackboxExporter,
    redisExporter(cache),
    cadvisor,
  ],
};

function web(ctx: Context): LongRunning {
  const login = cache.login(ctx);
  const connection = cache.connection(ctx);
  const { host, port } = connection;
  return {
    ...serviceDefaults,
    name: "web",
    role: "api",
    image: pythonApp("m31-web", "systems/m31"),
    command: ["--serve"],
    user: "1000:1000",
    environment: {
      ENVIRONMENT: ctx.prod ? "production" : "development",
      REDIS_HOST: host,
      REDIS_PORT: String(port),
      ...redisTls(connection),
      REDIS_USER: userName(login),
      REDIS_PASSWORD_FILE: secretPath(login.password),
      PORT: "8000",
    },
    files: [secretFile(login.password), ...connection.files],
    ports: [{ container: 8000, host: 8000, exposure: ctx.prod ? "public" : "loopback" }],
    healthcheck: Healthcheck.command(["python", "app.py", "--health"], { startPeriod: "10s" }),
    uploadPaths: [],
    access: [asks("/query")],
    blackbox: { module: "http_2xx", port: 8000, path: "/health" },
    metrics: { port: 8000, path: "/metrics" },
    replicas: ctx.prod ? 2 : 1,
    limits: { cpus: 1, memory: ctx.prod ? "2GiB" : "1GiB" },
    dependsOn: [cache.name],
  };
}
