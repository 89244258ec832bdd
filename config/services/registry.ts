import { type Content, content } from "../spec/content.ts";
import { Healthcheck, wget } from "../spec/healthcheck.ts";
import { type CatalogueImage, catalogueImage, type ImageSource, imageName, isBuilt } from "../spec/image.ts";
import { type OwnRegistry, registryName, registryUser } from "../spec/own-registry.ts";
import { type LongRunning, longRunning, publishedPorts, type ServiceSpec } from "../spec/service.ts";
import { type Context, type ServiceTemplate, serviceDefaults } from "./module.ts";
import { nginxCatalogueImage, statusPort } from "./nginx.ts";
import { generated } from "./secrets.ts";

const port = 5000;

export const registryCatalogueImage = {
  name: "registry",
  reference: "registry:3.1.1",
  user: "0:0",
  port,
  dataPath: "/var/lib/registry",
  configPath: "/etc/distribution/config.yml",
  healthcheck: wget(port, "/"),
  official: {
    sources: ["docker-library/repo-info@38feaf4:repos/registry/remote/3.1.1.md"],
    base: "alpine",
    entrypoint: ["/entrypoint.sh"],
  },
  standIn: {
    unavailable:
      "On a Swarm without registries, a registry of the network must have the images (ragdock:registry).",
  },
} as const satisfies CatalogueImage;

const imagesName = "registry-images";

/** Users and passwords, as nginx reads them. */
const usersFile = "/run/secrets/registry-users";

const password = (ctx: Context) => generated(ctx, "registry-password", "registry");

/**
 * The registry of a stack on a Swarm, for the images that the stack builds: a store on one node, and
 * nginx in front of it on each node. Docker pulls from its own machine without a certificate, so no node needs a
 * setting for it.
 */
export const ownRegistry = (ctx: Context): readonly ServiceTemplate<LongRunning>[] => [
  {
    ...serviceDefaults,
    name: registryName,
    role: "registry",
    ...catalogueImage(nginxCatalogueImage),
    tmpfs: ["/tmp"],
    files: [
      { path: nginxCatalogueImage.configPath, content: nginxConf },
      { path: usersFile, content: content`${registryUser}:{PLAIN}${password(ctx)}\n` },
    ],
    ports: [{ container: port, host: port, exposure: "public" }],
    calls: [imagesName],
    dependsOn: [imagesName],
    healthcheck: Healthcheck.http("/healthz", statusPort, { interval: "2s" }),
    limits: { cpus: 1, memory: "64MiB" },
    omit: (self, services) =>
      services.some(({ image }) => isFrom(image, self, ctx)) ? undefined : "the stack builds no image",
  },
  {
    ...serviceDefaults,
    name: imagesName,
    role: "registry",
    kind: "stateful",
    ...catalogueImage(registryCatalogueImage),
    files: [{ path: registryCatalogueImage.configPath, content: configuration }],
    volumes: [{ volume: "registry-data", path: registryCatalogueImage.dataPath }],
    healthcheck: Healthcheck.command(registryCatalogueImage.healthcheck, { interval: "2s" }),
    limits: { cpus: 1, memory: "256MiB" },
    omit: (_, services) =>
      services.some(({ name }) => name === registryName) ? undefined : "the stack builds no image",
  },
];

/** Whether the nodes pull an image from this registry: a rollback pins images that were pushed before. */
const isFrom = (image: ImageSource, self: ServiceSpec, { settings }: Context): boolean =>
  isBuilt(image, settings) ||
  (settings.pinned[imageName(image)]?.startsWith(`${registryAddress([self])}/`) ?? false);

/** The address of the registry among these services. Undefined if there is none. */
function registryAddress(services: readonly ServiceSpec[]): string | undefined {
  const [port] = longRunning(services)
    .filter(({ name, role }) => name === registryName && role === "registry")
    .flatMap(publishedPorts);
  return port && `127.0.0.1:${port.host}`;
}

/** The registry that runs among these services, if any. */
export function ownRegistryOf(ctx: Context, services: readonly ServiceSpec[]): OwnRegistry | undefined {
  const address = registryAddress(services);
  return address === undefined ? undefined : { address, password: password(ctx) };
}

/** Relative addresses in answers lead through nginx, whatever its port is. */
const configuration = `version: 0.1
log: { level: warn }
storage:
  filesystem: { rootdirectory: ${registryCatalogueImage.dataPath} }
http:
  addr: :${port}
  relativeurls: true
`;

/** nginx.conf. A layer has any size, and is passed on while it arrives. */
const nginxConf: Content = `worker_processes 1;
pid /tmp/nginx.pid;
error_log /dev/stderr warn;

events { worker_connections 1024; }

http {
  server_tokens off;
  access_log off;
  client_body_temp_path /tmp/body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;
  resolver 127.0.0.11 valid=1s ipv6=off;

  server {
    listen ${port};
    auth_basic "images";
    auth_basic_user_file ${usersFile};
    client_max_body_size 0;
    location /v2/ {
      set $images ${imagesName};
      proxy_pass http://$images:${port};
      proxy_http_version 1.1;
      proxy_request_buffering off;
      proxy_buffering off;
      proxy_read_timeout 600s;
      proxy_set_header Host $http_host;
    }
    location / { return 404; }
  }
  server {
    listen ${statusPort};
    location = /healthz { return 200 "ok\\n"; }
    location / { return 404; }
  }
}
`;
