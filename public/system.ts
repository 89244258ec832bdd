/**
 * The exports that a system outside of the checkout imports as `ragdock/system`:
 * docs/guide/own-system.md. All other files of Ragdock can change their names and their content in
 * any version.
 */
export { alertmanager } from "../config/services/alertmanager.ts";
export { blackboxExporter } from "../config/services/blackbox-exporter.ts";
export { cadvisor } from "../config/services/cadvisor.ts";
export { chroma } from "../config/services/chroma.ts";
export { gateway } from "../config/services/gateway.ts";
export { grafana } from "../config/services/grafana.ts";
export {
  type Context,
  jobDefaults,
  type ServiceModule,
  type ServiceTemplate,
  serviceDefaults,
} from "../config/services/module.ts";
export { nginxExporter } from "../config/services/nginx-exporter.ts";
export { nodeExporter } from "../config/services/node-exporter.ts";
export { ollama } from "../config/services/ollama.ts";
export { postgres } from "../config/services/postgres.ts";
export { postgresExporter } from "../config/services/postgres-exporter.ts";
export { pathsFrom } from "../config/services/project-files.ts";
export { prometheus } from "../config/services/prometheus.ts";
export { ownImage, pythonImage } from "../config/services/python.ts";
export { redis } from "../config/services/redis.ts";
export { redisExporter } from "../config/services/redis-exporter.ts";
export { fromUser, generated, secretFile, secretPath, userName } from "../config/services/secrets.ts";
export type { StoreModule, StoreOptions } from "../config/services/store.ts";
export { type AccessRule, asks, forAdmins, uploadsTo } from "../config/spec/access.ts";
export { type Content, content, type Secret } from "../config/spec/content.ts";
export { Healthcheck, wget } from "../config/spec/healthcheck.ts";
export { type CatalogueImage, catalogueImage, type ImageSource } from "../config/spec/image.ts";
export type { Alert, Row } from "../config/spec/monitoring.ts";
export { type Problem, problem } from "../config/spec/problem.ts";
export type { Job, LongRunning, Role, ServiceSpec } from "../config/spec/service.ts";
export type { Duration, Size } from "../config/spec/units.ts";
export type { OwnSystem } from "../config/systems/system.ts";
