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
import { ownCommands, type System } from "./system.ts";

const cache = redis();

/** A web application whose answers are cached in Redis. All its data can be created again. */
export const m31: System = {
  about: "A web application that answers from its own pages, with Redis as a cache, and metrics of both.",
  differs: [
    "Python is 3.13 and not 3.11. All applications use one version, which Debian 13 has. It gets security fixes until 2029.",
    "In production the web application has 2 GiB of memory and not 4, so that two replicas fit on a host with 8 GiB.",
    "There is no notebook: the documentation has the content of the notebook. Guides cover when to use Docker, scaling and troubleshooting.",
    "There is no PowerShell script: the guide for development has the commands, and explains how to set variables in PowerShell.",
    "The application is not `app:app` for uvicorn: `python app.py --serve` checks its settings first. The guide for development explains how to restart it when a file changes.",
    "There is no USER_ID or GROUP_ID in a file: `services.web.user` sets both, and if a folder has another owner, the error has the command that changes the owner.",
    "`make clean` and `make prune` never remove a volume. `make destroy-data` does, and asks for the name of the stack.",
    "The network has the name of its store and not rag-network: Redis has its own network, and only its clients are on it.",
    "Railway and Render run images, not stacks. `make push` pushes the images to a registry for them. Ragdock runs a stack on any Docker host, for example on a rented server.",
    "Ragdock does not change the number of replicas by itself: the memory of one host is limited. The guide to scaling explains when to add replicas.",
    "macOS and Windows run Docker in a virtual machine. Ragdock should work with Docker Desktop, but no test runs there.",
    ownCommands,
    "The image has no ping and no curl, so that an attacker finds no HTTP client: `make net CHECK=1` tries each connection.",
    "Redis has a password. Its health check logs in as a user that may only ping.",
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
