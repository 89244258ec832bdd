import { describe, expect, it } from "vitest";
import { folderWith, plain, projectOf, service } from "./project.ts";

const compose = (services: string): Record<string, string> => ({ "compose.yaml": services });

describe("several files", () => {
  const base = `
services:
  api:
    image: a
    command: [one]
    ports: ["80:80", "90:90"]
    environment: {A: "1", B: "2"}
    volumes: ["one:/data"]
`;

  it("merge as the specification says, and replaced values are kept separately", () => {
    const project = projectOf({
      "compose.yaml": base,
      "compose.override.yaml": `
services:
  api: {image: b, command: [two], ports: ["80:80", "91:90"], environment: [B=3], volumes: ["two:/data"]}
  more: {image: c}
`,
    });
    expect(service(project, "api")).toEqual({
      image: "b",
      command: ["two"],
      ports: [
        { target: "80", published: "80" },
        { target: "90", published: "90" },
        { target: "90", published: "91" },
      ],
      environment: { A: "1", B: "3" },
      volumes: [{ type: "volume", source: "two", target: "/data" }],
    });
    expect(project.services[0]?.replaced.map(({ tree, by }) => [tree.origin.path, by.path]).sort()).toEqual([
      ["services.api.command", "services.api.command"],
      ["services.api.environment.B", "services.api.environment[0]"],
      ["services.api.image", "services.api.image"],
      ["services.api.ports[0]", "services.api.ports[0]"],
      ["services.api.volumes[0]", "services.api.volumes[0]"],
    ]);
  });

  it("can reset and override", () => {
    const project = projectOf({
      "compose.yaml": base,
      "compose.override.yaml":
        'services: {api: {command: !reset null, ports: !override ["70:70"], environment: {A: !reset null}}}',
    });
    expect(service(project, "api")).toMatchObject({
      ports: [{ target: "70", published: "70" }],
      environment: { B: "2" },
    });
    expect(service(project, "api")).not.toHaveProperty("command");
  });

  it("are listed as in COMPOSE_FILE", () => {
    const files = { "a.yml": "services: {a: {image: a}}", "b.yml": "services: {b: {image: b}}" };
    expect(projectOf(files, {}, "a.yml:b.yml").services.map(({ name }) => name)).toEqual(["a", "b"]);
  });
});

describe("extends", () => {
  it("takes a service of the same file or of another, with paths of that file", () => {
    const project = projectOf({
      "compose.yaml": `
services:
  base: {image: a, environment: {A: "1"}}
  api: {extends: base, environment: {B: "2"}}
  worker: {extends: {service: job, file: shared/jobs.yaml}, command: [work]}
`,
      "shared/jobs.yaml":
        "services: {job: {extends: root, build: ./job, command: [idle]}, root: {user: '1'}}",
    });
    expect(service(project, "api")).toMatchObject({ image: "a", environment: { A: "1", B: "2" } });
    expect(service(project, "worker")).toMatchObject({
      user: "1",
      build: { context: `${project.folder}/shared/job` },
      command: ["work"],
    });
  });

  it("gives a warning about the extended service once", () => {
    const two = "services: {a: {image: a, env_file: lost.env}, b: {extends: a}, c: {extends: a}}";
    expect(projectOf(compose(two)).warnings).toHaveLength(1);
  });

  it("refuses circles, unknown services and missing files", () => {
    const circle = "services: {a: {extends: b}, b: {extends: a}}";
    expect(() => projectOf(compose(circle))).toThrow(
      "a of compose.yaml → b of compose.yaml → a of compose.yaml",
    );
    expect(() => projectOf(compose("services: {a: {extends: c}}"))).toThrow('has no service "c"');
    expect(() => projectOf(compose("services: {a: {extends: {service: a, file: b.yml}}}"))).toThrow(
      "There is no file",
    );
  });
});

describe("include", () => {
  it("adds the services of other files, with their folder and their .env", () => {
    const project = projectOf({
      "compose.yaml": "include: [sub/compose.yaml]\nservices: {api: {image: a}}",
      ".env": "OUTER=outer",
      "sub/compose.yaml": `services: {db: {image: "p:\${V}-\${OUTER}", volumes: ["./d:/d"]}}\nvolumes: {data: {}}`,
      "sub/.env": "V=16\nOUTER=inner",
    });
    expect(service(project, "db")).toEqual({
      image: "p:16-outer",
      volumes: [{ type: "bind", source: `${project.folder}/sub/d`, target: "/d" }],
    });
    expect(project.sections.map(({ name, tree }) => [name, plain(tree)])).toEqual([
      ["volumes", { data: {} }],
      ["include", [{ path: "sub/compose.yaml" }]],
    ]);
  });

  it("refuses two services of one name and files that include each other", () => {
    const two = {
      "compose.yaml": "include: [b.yml]\nservices: {a: {image: a}}",
      "b.yml": "services: {a: {image: b}}",
    };
    expect(() => projectOf(two)).toThrow('both have the service "a"');
    const circle = { "compose.yaml": "include: [b.yml]", "b.yml": "include: [compose.yaml]" };
    expect(() => projectOf(circle)).toThrow("compose.yaml refers to itself");
  });
});

describe("files that cannot be read", () => {
  it.each([
    ["services: {a: {image: a, image: b}}", "is not valid YAML"],
    ["- a", "is not a Compose file"],
    ["services: [a]", "is not a Compose file"],
    ["services: {a: [image]}", "compose.yaml:1: services.a is not a block of keys."],
    ["services: {a: image}", "compose.yaml:1: services.a is not a block of keys."],
  ])("%s", (text, message) => {
    expect(() => projectOf(compose(text))).toThrow(message);
  });

  it("names the file to give", () => {
    expect(() => projectOf({}, {}, ".")).toThrow("There is no file");
    expect(folderWith({})).toContain("ragdock-import-");
  });
});
