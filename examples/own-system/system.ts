import {
  alertmanager,
  blackboxExporter,
  type Context,
  gateway,
  Healthcheck,
  type LongRunning,
  nginxExporter,
  nodeExporter,
  type OwnSystem,
  ownImage,
  pathsFrom,
  prometheus,
  redis,
  redisExporter,
  secretFile,
  secretPath,
  serviceDefaults,
  userName,
} from "ragdock/system";
import { greeting } from "./greeting.ts";

const here = pathsFrom(import.meta.dirname);
const store = redis();

/** A web application that counts questions in Redis, and its monitoring. */
export default {
  name: "questions",
  about: "A web application that counts questions in Redis.",
  modules: [
    store,
    { services: (ctx) => [web(ctx)] },
    gateway({ devPort: 8095, routes: () => [{ path: "/", service: "web", port: 8000 }] }),
    prometheus({ publish: false }),
    alertmanager({ publish: false }),
    blackboxExporter,
    redisExporter(store),
    nginxExporter,
    nodeExporter(),
  ],
} satisfies OwnSystem;

function web(ctx: Context): LongRunning {
  const login = store.login(ctx);
  return {
    ...serviceDefaults,
    name: "web",
    role: "api",
    image: ownImage("questions-web", here("web")),
    user: "65534:65534",
    environment: {
      GREETING: greeting,
      REDIS_HOST: store.name,
      REDIS_USER: userName(login),
      REDIS_PASSWORD_FILE: secretPath(login.password),
    },
    files: [secretFile(login.password)],
    healthcheck: Healthcheck.python("/health", 8000),
    blackbox: { module: "http_2xx", port: 8000, path: "/health" },
    replicas: ctx.prod ? 2 : 1,
    limits: { cpus: 0.5, memory: "128MiB" },
    dependsOn: [store.name],
  };
}
