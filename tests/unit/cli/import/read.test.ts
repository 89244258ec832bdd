import { describe, expect, it } from "vitest";
import { at } from "../../../../cli/import/tree.ts";
import { projectOf, service } from "./project.ts";

const compose = (services: string): Record<string, string> => ({ "compose.yaml": services });

describe("short forms", () => {
  it("become long ones", () => {
    const project = projectOf(
      compose(`
services:
  api:
    build: ./api
    command: python -m "my app" --flag='a b'
    environment: [A=1, B, C=x=y]
    ports: ["8000", "127.0.0.1:8080:80", "53:53/udp", "[::1]:90:91"]
    volumes: [data:/data:ro, ./src:/app, /cache, "~/m:/m:z"]
    depends_on: [db]
    networks: [front]
    secrets: [key]
    env_file: a.env
    extra_hosts: ["host.docker.internal:host-gateway"]
    healthcheck: {test: curl -f localhost}
    tmpfs: /tmp
  db: {image: postgres}
`),
    );
    const { folder } = project;
    expect(service(project, "api")).toEqual({
      build: { context: `${folder}/api` },
      command: ["python", "-m", "my app", "--flag=a b"],
      environment: { A: "1", B: null, C: "x=y" },
      ports: [
        { target: "8000" },
        { target: "80", published: "8080", host_ip: "127.0.0.1" },
        { target: "53", published: "53", protocol: "udp" },
        { target: "91", published: "90", host_ip: "::1" },
      ],
      volumes: [
        { type: "volume", source: "data", target: "/data", read_only: true },
        { type: "bind", source: `${folder}/src`, target: "/app" },
        { type: "volume", target: "/cache" },
        { type: "bind", source: `${process.env.HOME}/m`, target: "/m", options: "z" },
      ],
      depends_on: { db: { condition: "service_started" } },
      networks: { front: null },
      secrets: [{ source: "key" }],
      env_file: [{ path: `${folder}/a.env` }],
      extra_hosts: { "host.docker.internal": "host-gateway" },
      healthcheck: { test: ["CMD-SHELL", "curl -f localhost"] },
      tmpfs: ["/tmp"],
    });
    expect(project.warnings).toEqual([
      `services.api.env_file: ${folder}/a.env does not exist. So its variables are missing in the report. Create it, or copy it from the example that the application has.`,
    ]);
  });

  it("keep the position of each value in the user's file", () => {
    const project = projectOf(compose("services:\n  api:\n    ports:\n      - 8080:80\n    image: a\n"));
    const tree = project.services[0]?.tree;
    const ports = at(tree, "ports");
    const [port] = ports?.kind === "sequence" ? ports.items : [];
    expect(
      [at(port, "target"), at(tree, "image")].map((one) => [one?.origin.line, one?.origin.path]),
    ).toEqual([
      [4, "services.api.ports[0]"],
      [5, "services.api.image"],
    ]);
  });
});

describe("anchors and merges", () => {
  it("are resolved where they are used", () => {
    const project = projectOf(
      compose(`
x-base: &base {image: a, environment: &env {A: "1", B: "2"}}
x-more: &more {restart: always, image: b}
services:
  one: {<<: *base, image: c}
  two:
    <<: [*base, *more]
    environment: {<<: *env, B: "3"}
`),
    );
    expect(service(project, "one")).toEqual({ image: "c", environment: { A: "1", B: "2" } });
    expect(service(project, "two")).toEqual({
      image: "a",
      restart: "always",
      environment: { A: "1", B: "3" },
    });
    expect(at(project.services[0]?.tree, "environment", "A")?.origin.path).toBe("services.one.environment.A");
  });

  it("refuses an alias that contains itself, and aliases that multiply", () => {
    const levels = Array.from({ length: 9 }, (_, i) => `x-${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}]`);
    const bomb = ["x-0: &l0 [a]", ...levels, "services: {}"].join("\n");
    expect(() => projectOf(compose("x-a: &a {b: *a}\nservices: {}"))).toThrow("is too large");
    expect(() => projectOf(compose(bomb))).toThrow("is too large");
  });
});

describe("variables", () => {
  const files = {
    "compose.yaml": `services: {api: {image: "a:\${TAG:-1}", environment: {KEY: null, NONE: null}, env_file: [{path: api.env}, {path: more.env}], labels: {a: "\${LOST}", b: "\${MUST:?set MUST}"}}}`,
    ".env": "TAG=2\nKEY=from-dotenv\n",
    "api.env": "LEVEL=info\nIMAGE=$TAG\n",
    "more.env": "BOTH=$LEVEL-$KEY\n",
  };

  it("come from the environment first, then from .env", () => {
    expect(service(projectOf(files), "api").image).toBe("a:2");
    expect(service(projectOf(files, { TAG: "3" }), "api").image).toBe("a:3");
  });

  it("of environment files are added to the service's own", () => {
    const project = projectOf(files);
    expect(service(project, "api").environment).toEqual({
      LEVEL: "info",
      IMAGE: "2",
      BOTH: "info-from-dotenv",
      KEY: "from-dotenv",
      NONE: null,
    });
    expect(at(project.services[0]?.tree, "environment", "LEVEL")?.origin).toMatchObject({
      file: `${project.folder}/api.env`,
      line: 1,
    });
    expect([...project.files].sort()).toEqual(
      [".env", "api.env", "compose.yaml", "more.env"].map((name) => `${project.folder}/${name}`),
    );
  });

  it("without a value are listed", () => {
    expect(projectOf(files).warnings).toEqual([
      "The variable LOST has no value. Compose uses an empty value. Set it in .env.",
      "The variable MUST must have a value: set MUST. Set it in .env.",
    ]);
  });

  it("that are wrong stop the import, and the error names file and line", () => {
    expect(() => projectOf(compose(`services:\n  a:\n    image: "\${"\n`))).toThrow(
      "compose.yaml:3: services.a.image has a ${ without a valid variable.",
    );
  });
});
