/**
 * Tests the Compose file as data. tests/systems/compose.test.ts proves that Compose accepts it and
 * that its services become healthy.
 */
import { describe, expect, it } from "vitest";
import { type ComposeFile, composeConfigs, composeFile } from "../../../cli/compose.ts";
import type { ImageSource } from "../../../config/spec/image.ts";
import { imageName } from "../../../config/spec/image.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

const system = systemWith({ images: "packages", services: { api: { replicas: 2 } } });
const secrets = Object.fromEntries(Object.keys(system.secrets).map((name) => [name, `value-of-${name}`]));
const facts = {
  project: "ragdock-test",
  image: (source: ImageSource) => ({ name: `img/${imageName(source)}`, local: source.from === "build" }),
  hostPath: (path: string) => `/project/${path}`,
};
const file: ComposeFile = composeFile(system, facts);

it("has every service, volume and network, and the database network has no route to the internet", () => {
  expect(Object.keys(file.services)).toEqual(system.services.map((s) => s.name));
  const volumes = system.services.flatMap((s) => s.volumes.map((v) => v.volume));
  expect(Object.keys(file.volumes).sort()).toEqual([...new Set(volumes)].sort());
  const internal = { internal: true };
  expect(file.networks).toEqual({
    app: internal,
    consoles: internal,
    ingress: internal,
    metrics: internal,
    monitoring: internal,
    "outside-ingress": { internal: false },
    "outside-prometheus": { internal: false },
    postgres: internal,
    redis: internal,
  });
  expect(file.services.postgres?.networks).toEqual({ postgres: { aliases: ["postgres.postgres"] } });
});

it("waits for the health of services and for the end of jobs", () => {
  expect(file.services.api?.depends_on).toMatchObject({
    postgres: { condition: "service_healthy" },
    migrate: { condition: "service_completed_successfully" },
  });
  expect(file.services.migrate).toMatchObject({ restart: "no", healthcheck: { disable: true } });
});

it("contains health check, limits, log rotation, user and hardening of a service", () => {
  const spec = serviceOf(system, "api");
  expect(file.services.api).toMatchObject({
    image: "img/app",
    user: spec.user,
    cap_drop: ["ALL"],
    scale: 2,
    restart: "unless-stopped",
    healthcheck: { interval: spec.healthcheck.interval, start_period: "1m", retries: 3 },
    cpus: spec.limits.cpus,
    mem_limit: "768m",
    memswap_limit: -1,
    security_opt: ["no-new-privileges:true"],
    logging: { driver: "json-file" },
    stop_grace_period: "30s",
  });
  const [, ...command] = spec.healthcheck.test;
  const healthcheck = file.services.api?.healthcheck as { test: string[] } | undefined;
  expect(healthcheck?.test.slice(-command.length)).toEqual(command);
});

it("publishes the system's ports, on this host only", () => {
  expect(file.services.ingress?.ports).toEqual([
    { target: expect.any(Number), published: "8080", host_ip: "127.0.0.1", protocol: "tcp" },
  ]);
  expect(file.services.postgres).not.toHaveProperty("ports");
});

it("delivers each file as a read-only config, with its secrets", () => {
  const path = system.services.find((s) => s.name === "postgres")?.files[0]?.path;
  expect(file.services.postgres?.configs).toContainEqual({
    source: "postgres-1",
    target: path,
  });
  const configs = composeConfigs(system, secrets);
  const contents = Object.values(configs).join("\n");
  expect(contents).toContain("value-of-postgres-password");
  expect(contents).not.toContain("{{secret:");
  expect(Object.values(file.configs).map((config) => config.file)).toEqual(
    Object.keys(configs).map((name) => `./${name}`),
  );
});

it("refuses a secret without a value", () => {
  expect(() => composeConfigs(system, {})).toThrow(/The secret "[\w-]+" of .+ has no value/);
});

it("doubles every $, which Compose would read as a variable", () => {
  const [first, ...rest] = system.services;
  if (!first) throw new Error("the system has no services");
  const dollar = {
    ...first,
    command: ["sh", "-c", "echo $HOME"],
    files: [{ path: "/f", content: "a$b$$c" }],
  };
  const changed = { ...system, services: [dollar, ...rest] };
  expect(composeFile(changed, facts).services[first.name]?.command).toEqual(["sh", "-c", "echo $$HOME"]);
  // Compose does not replace variables in files.
  expect(composeConfigs(changed, secrets)[`files/${first.name}-1`]).toBe("a$b$$c");
});

it("contains the build of an image on request", () => {
  const build = { context: "/project/app", dockerfile: "/project/dockerfiles/app/Dockerfile", args: {} };
  const made = composeFile(system, {
    ...facts,
    build: (source) => (source.from === "build" && source.name === "app" ? build : undefined),
  });
  expect(made.services.api?.build).toEqual(build);
  expect(made.services.postgres).not.toHaveProperty("build");
});

describe("an application with secrets", () => {
  const own = systemWith({
    apps: {
      web: {
        image: "web:1",
        port: 8000,
        route: "/",
        secrets: { JWT_SECRET: "generate" },
        writable: { "/srv/cache": "16MiB" },
        ulimits: { nofile: 9 },
        extraHosts: { "db.example.org": "192.0.2.7" },
        hostname: "box",
        workingDir: "/srv/app",
        labels: { "com.example.team": "search" },
      },
    },
  });
  const made = composeFile(own, { ...facts, programs: { web: ["/entrypoint", "serve"] } }).services.web;

  it("starts with the script, which gets the whole command line", () => {
    expect(made).toMatchObject({
      entrypoint: ["/bin/sh", "/run/ragdock/start"],
      command: ["/entrypoint", "serve"],
    });
    expect(JSON.stringify(made?.configs)).toContain("/run/secrets/JWT_SECRET");
    expect(made?.environment).not.toHaveProperty("JWT_SECRET");
  });

  it("keeps its folders in memory, its limits and its names", () => {
    expect(made).toMatchObject({
      volumes: [{ type: "tmpfs", target: "/srv/cache", tmpfs: { size: "16m", mode: 0o1777 } }],
      ulimits: { nofile: { soft: 9, hard: 9 } },
      extra_hosts: ["db.example.org:192.0.2.7"],
      hostname: "box",
      working_dir: "/srv/app",
      labels: { "com.example.team": "search" },
    });
  });
});
