/**
 * Writes the settings of stacks for small Compose projects, and reads them as `make up` does. These
 * tests do not prove that the stacks start.
 */
import { expect, it } from "vitest";
import { app, rag, written } from "./written.ts";

it("becomes applications and stores, with settings that the stack accepts", () => {
  const { apps, settings, services, problems, asked } = written(rag.compose, rag.files);
  expect(problems).toEqual([]);
  expect(settings.postgresVersion).toBe("18");
  expect(services.gateway).toEqual({ port: 8000 });
  expect(services.prometheus).toEqual({ port: 8001 });
  expect(asked).toEqual(["OPENAI_API_KEY"]);
  expect(Object.keys(apps)).toEqual(["web", "worker", "qdrant-db", "migrated"]);
  expect(apps.web).toMatchObject({
    build: { args: { FLAVOUR: "small" } },
    port: 5000,
    route: "/",
    healthcheck: { path: "/health", interval: "90s", startPeriod: "2m" },
    volumes: [{ name: "uploads", path: "/srv/uploads", shared: true }],
    needs: ["postgres", "redis", "qdrant-db"],
    migrate: ["alembic", "upgrade", "head"],
    env: { VECTOR_STORE: "qdrant", QDRANT_URL: "http://qdrant-db:6333", LANGSMITH_API_KEY: "" },
    secrets: {
      DATABASE_URL:
        "postgresql+asyncpg://{{secret:postgres-user}}:{{secret:postgres-password}}@postgres:5432/rag?ssl=disable",
      REDIS_URL: "redis://{{secret:redis-user}}:{{secret:redis-password}}@redis:6379/1",
      JWT_SECRET: "generate",
      OPENAI_API_KEY: "ask",
    },
  });
  expect(apps.worker).toMatchObject({
    source: apps.web?.source,
    command: ["celery", "-A", "tasks", "worker"],
    replicas: 2,
    limits: { cpus: 0.5, memory: "2GiB" },
    env: { POSTGRES_HOST: "postgres", POSTGRES_DB: "rag" },
    secrets: {
      POSTGRES_USER: "{{secret:postgres-user}}",
      POSTGRES_PASSWORD: "{{secret:postgres-password}}",
    },
  });
  expect(apps["qdrant-db"]).toMatchObject({
    port: 6333,
    volumes: [{ name: "qdrant-db-qdrant-storage", path: "/qdrant/storage" }],
  });
});

it("writes no secret of the file", () => {
  const { text, todos } = written(rag.compose, rag.files);
  expect(text + JSON.stringify(todos)).not.toContain("hunter");
});

it("lists the remaining steps, with commands", () => {
  const { todos } = written(rag.compose, rag.files);
  expect(todos).toEqual([
    {
      service: "postgres",
      text: expect.stringContaining("ran this script at its first start"),
      command: expect.stringMatching(/^make psql STACK=\{\{stack\}\} < \S+\/init.sql$/),
    },
  ]);
});

it("builds an image for each service that names it", () => {
  const { apps, problems } = written(
    `services:
  api: {image: "rag:local", build: ./api, ports: ["8000:8000"]}
  worker: {image: "rag:local", command: "python -m worker"}
  setup: {image: "rag:local", command: alembic upgrade head}
  other: {image: "a/other:1", depends_on: {setup: {condition: service_completed_successfully}}}`,
    { "api/Dockerfile": "FROM scratch" },
  );
  expect(problems).toEqual([]);
  expect(apps.worker).toMatchObject({ source: apps.api?.source, command: ["python", "-m", "worker"] });
  expect(apps.worker).not.toHaveProperty("image");
  expect(apps.api).toMatchObject({ migrate: ["alembic", "upgrade", "head"] });
  expect(apps.other).toMatchObject({ image: "a/other:1" });
});

it("keeps Redis as an image if a client knows only a password", () => {
  const { apps, services, problems, text } = written(`services:
  web: {image: "a/web:1", ports: ["80:80"], environment: {REDIS_HOST: cache, REDIS_PASSWORD: hunter22}}
  cache: {image: "redis:7", command: "redis-server --requirepass \${REDIS_PASSWORD:-hunter22}"}
`);
  expect(problems).toEqual([]);
  expect(apps.cache).toMatchObject({
    command: ["sh", "-c", `exec 'redis-server' '--requirepass' ''"$REDIS_PASSWORD"''`],
    secrets: { REDIS_PASSWORD: "generate" },
    volumes: [{ name: "cache-data", path: "/data" }],
  });
  expect(apps.web).toMatchObject({ secrets: { REDIS_PASSWORD: "generate" }, needs: ["cache"] });
  expect(services.redis).toEqual({ enabled: false });
  expect(text).not.toContain("hunter22");
});

it.each(["true", "No", "0", "off"])("keeps the value %s of a variable with the name of a secret", (value) => {
  const { apps } = written(`services:
  web: {image: "a/web:1", ports: ["80:80"], environment: {REQUIRE_TOKEN: "${value}", API_TOKEN: hunter22}}
`);
  expect(apps.web?.env).toEqual({ REQUIRE_TOKEN: value });
  expect(apps.web?.secrets).toEqual({ API_TOKEN: "ask" });
});

it("gives one secret to all applications that use it, even under different names", () => {
  const { apps, problems } = written(`services:
  web:
    image: a/web:1
    ports: ["80:80"]
    environment:
      S3_ACCESS_KEY_ID: minio-user
      S3_SECRET_KEY: hunter22
      MONGO_URL: mongodb://root:hunter23@mongo:27017/x
  minio: {image: "minio/minio:1", environment: {MINIO_ROOT_USER: minio-user, MINIO_ROOT_PASSWORD: hunter22}}
  mongo: {image: "mongo:8", environment: {MONGO_INITDB_ROOT_PASSWORD: hunter23}}
`);
  expect(problems).toEqual([]);
  expect(apps.web).toMatchObject({
    env: { S3_ACCESS_KEY_ID: "minio-user" },
    secrets: {
      S3_SECRET_KEY: "{{secret:MINIO_ROOT_PASSWORD}}",
      MONGO_URL: "mongodb://root:{{secret:MONGO_INITDB_ROOT_PASSWORD}}@mongo:27017/x",
    },
  });
  expect(apps.minio?.secrets).toEqual({ MINIO_ROOT_PASSWORD: "generate" });
});

it("keeps a job with another image, and the services that need it wait for it", () => {
  const { apps, problems } = written(`services:
  web: {image: "a/web:1", ports: ["80:80"], depends_on: {setup: {condition: service_completed_successfully}}}
  setup:
    image: "a/tools:1"
    command: [prepare]
    restart: "no"
    working_dir: /srv
    volumes: ["shared:/srv"]
    healthcheck: {test: [CMD, check]}
`);
  expect(problems).toEqual([]);
  expect(apps.setup).toMatchObject({
    image: "a/tools:1",
    job: true,
    command: ["prepare"],
    workingDir: "/srv",
    volumes: [{ name: "shared", path: "/srv" }],
  });
  for (const key of ["port", "route", "healthcheck"]) expect(apps.setup).not.toHaveProperty(key);
  expect(apps.web?.needs).toEqual(["setup"]);
});

it("takes the routes of a proxy, and leaves the proxy out", () => {
  const { apps, services, problems, todos } = written(
    `services:
  nginx: {image: "nginx:1", ports: ["80:80"], volumes: ["./nginx.conf:/etc/nginx/nginx.conf:ro"]}
  front: {image: "a/front:1"}
  back_end: {image: "a/back:1"}
`,
    {
      "nginx.conf":
        "upstream back { server back_end:9000; }\nlocation /api { proxy_pass http://back; }\n" +
        "location /v1/ { proxy_pass http://back; }\nlocation /x { proxy_pass http://back/y; }\n" +
        "location / { proxy_pass http://front:3000; }\n",
    },
  );
  expect(problems).toEqual([]);
  expect(Object.keys(apps)).toEqual(["front", "back-end"]);
  expect(apps.front).toMatchObject({ route: "/", port: 3000 });
  expect(apps["back-end"]).toMatchObject({ route: "/api/", routes: { "/v1/": 9000 }, port: 9000 });
  expect(services.gateway).toEqual({ port: 80 });
  expect(services.prometheus).toEqual({ port: 81 });
  expect(todos[0]?.text).toBe(
    "The ingress of the stack takes the place of nginx. Check the routes of the applications. The proxy changes these paths, but the ingress does not: /x.",
  );
});

it("starts what Compose starts: COMPOSE_PROFILES chooses services with a profile", () => {
  const compose = `services:
  web: {image: "a/web:1", ports: ["80:80"]}
  extra: {image: "a/extra:1", profiles: [more]}
`;
  expect(Object.keys(written(compose).apps)).toEqual(["web"]);
  expect(written(compose).todos.at(-1)?.command).toMatch(/^COMPOSE_PROFILES=more /);
  expect(Object.keys(written(compose, {}, { COMPOSE_PROFILES: "more" }).apps)).toEqual(["web", "extra"]);
});

it("gives names that the stack can have, and changes every use of a name", () => {
  const { apps, problems } = written(`services:
  gateway: {image: "a/web:1", ports: ["80:80"], environment: {NEXT: "http://The_Very_Long_Name_Of_It:80/x"}}
  The_Very_Long_Name_Of_It: {image: "a/b:1"}
`);
  expect(problems).toEqual([]);
  expect(Object.keys(apps)).toEqual(["my-gateway", "the-very-long-name-o"]);
  expect(apps["my-gateway"]).toMatchObject({
    env: { NEXT: "http://the-very-long-name-o:80/x" },
    needs: ["the-very-long-name-o"],
  });
});

it.each([
  ["ulimits: {nofile: {soft: 1, hard: 2}}", { ulimits: { nofile: { soft: 1, hard: 2 } } }],
  [
    "extra_hosts: ['host.docker.internal:host-gateway']",
    { extraHosts: { "host.docker.internal": "host-gateway" } },
  ],
  ["tmpfs: ['/tmp/x:size=10m']", { writable: { "/tmp/x": "10MiB" } }],
  ["hostname: node-1", { hostname: "node-1" }],
  ["working_dir: /srv/app", { workingDir: "/srv/app" }],
  ["labels: {com.example.team: a, traefik.enable: 'true'}", { labels: { "com.example.team": "a" } }],
  ["user: '1000'", { user: "1000:1000" }],
  ["user: root", { user: "0:0" }],
  ["entrypoint: [a, b]", { entrypoint: ["a", "b"] }],
  ["command: sh -c 'a && b'", { command: ["sh", "-c", "a && b"] }],
  ["cap_add: [CHOWN, SYS_ADMIN]", { capabilities: ["CHOWN"] }],
  ["environment: {discovery.type: single}", { env: { "discovery.type": "single" } }],
  ["volumes: ['./data:/data']", { volumes: [{ name: "web-data", path: "/data" }] }],
  ["volumes: ['postgres_data:/data']", { volumes: [{ name: "my-postgres-data", path: "/data" }] }],
  ["healthcheck: {test: [CMD, check, me]}", { healthcheck: { command: ["check", "me"] } }],
  ["healthcheck: {test: a | b}", { healthcheck: { command: ["sh", "-c", "a | b"] } }],
])("%s", (keys, expected) => {
  const { apps, problems } = app(keys);
  expect(problems).toEqual([]);
  expect(apps.web).toMatchObject(expected);
});

it("mounts read-only folders, and copies files into the settings", () => {
  const { services, problems } = app(`volumes: ["./conf:/conf:ro", "./app.ini:/app.ini"], shm_size: 1g`, "", {
    "conf/a": "a",
    "app.ini": "url=http://web:80",
  });
  expect(problems).toEqual([]);
  expect(services.web).toMatchObject({
    mounts: [{ source: expect.stringMatching(/conf$/), target: "/conf" }],
    files: [{ path: "/app.ini", content: "url=http://web:80" }],
    shm: "1GiB",
  });
});
