/**
 * Tests the setting `secrets` of own applications: where values come from, and which texts are
 * refused. tests/systems/web-and-worker.test.ts follows them into containers.
 */
import { describe, expect, it } from "vitest";
import { appStartScript } from "../../../config/services/own-app-secrets.ts";
import { askedSecrets } from "../../../config/settings/app-secrets.ts";
import { fileSchema } from "../../../config/settings/file-schema.ts";
import { fill, shown } from "../../../config/spec/content.ts";
import type { SystemSpec } from "../../../config/spec/service.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const web = { image: "web:1", port: 8000, route: "/", needs: ["postgres"] };
const worker = { image: "web:1", command: ["work"], needs: ["postgres"] };
const database = "postgresql://{{secret:postgres-user}}:{{secret:postgres-password}}@postgres:5432/rag";
const secrets = { JWT_SECRET: "generate", OPENAI_API_KEY: "ask", DATABASE_URL: database };
const asked = { secrets: new Set(["OPENAI_API_KEY"]) };
const settings = (own: Record<string, unknown>, more: Record<string, unknown> = {}) => ({
  apps: { web: { ...web, secrets: own }, worker: { ...worker, ...more } },
});

const fileOf = (system: SystemSpec, name: string, path: string) => {
  const all = system.services.find((s) => s.name === name)?.files ?? [];
  return all.find((file) => file.path === path)?.content ?? "no such file";
};

describe("secrets of an application", () => {
  const system = systemWith(
    { apps: { web: { ...web, secrets, migrate: ["migrate"] }, worker: { ...worker, secrets } } },
    asked,
  );

  it("are files of the application, of its migration and of no other service", () => {
    const paths = ["JWT_SECRET", "OPENAI_API_KEY", "DATABASE_URL"].map((name) => `/run/secrets/${name}`);
    const holders = system.services.filter(({ files }) => files.some(({ path }) => path === paths[0]));
    expect(holders.map(({ name }) => name)).toEqual(["web-migrate", "web", "worker"]);
    for (const { files, startScript } of holders) {
      expect(files.map(({ path }) => path)).toEqual(expect.arrayContaining([...paths, appStartScript]));
      expect(startScript).toBe(appStartScript);
    }
    expect(shown(fileOf(system, "web", "/run/secrets/DATABASE_URL"))).toBe(database);
  });

  it("are in no variable of the container", () => {
    for (const name of ["web", "worker"])
      for (const key of Object.keys(secrets))
        expect(serviceOf(system, name).environment).not.toHaveProperty(key);
  });

  it("have one value per variable, and stay in the state", () => {
    expect(system.secrets.JWT_SECRET).toEqual({
      from: "generated",
      generation: 1,
      rotation: "JWT_SECRET",
      kept: true,
    });
    expect(system.secrets.OPENAI_API_KEY).toEqual({ from: "config", key: "OPENAI_API_KEY" });
  });

  it("are rotated under the name of the variable", () => {
    const rotated = systemWith({ ...settings({ JWT_SECRET: "generate" }), rotations: { JWT_SECRET: 3 } });
    expect(rotated.secrets.JWT_SECRET).toMatchObject({ generation: 3 });
  });

  it("make the application wait for the job that sets a password", () => {
    expect(serviceOf(system, "web").dependsOn).toContain("postgres-credentials");
  });

  it("are also available to the command of a health check", () => {
    const healthcheck = { command: ["python", "-m", "check"] };
    const own = systemWith({ apps: { web: { ...web, healthcheck, secrets: { JWT_SECRET: "generate" } } } });
    expect(serviceOf(own, "web").healthcheck.test).toEqual([
      "CMD",
      "/bin/sh",
      appStartScript,
      "python",
      "-m",
      "check",
    ]);
  });

  it("may be in files, and in the short form", () => {
    const files = [{ path: "/srv/.env", content: "KEY={{secret:JWT_SECRET}}" }];
    const own = systemWith({
      app: { image: "web:1", secrets: { JWT_SECRET: "generate" } },
      services: { api: { files } },
    });
    expect(shown(fileOf(own, "api", "/srv/.env"))).toBe("KEY={{secret:JWT_SECRET}}");
  });

  it("set by the user are percent-encoded in a URL, and nowhere else", () => {
    const own = systemWith(
      settings({
        PASSWORD: "ask",
        URL: "amqp://user:{{secret:PASSWORD}}@mq.example.org/",
        TEXT: "user {{secret:PASSWORD}}",
      }),
      { secrets: new Set(["PASSWORD"]) },
    );
    const value = (name: string) =>
      fill(fileOf(own, "web", `/run/secrets/${name}`), { secret: () => "p@ss/w:rd%", revision: () => "" });
    expect(value("URL")).toBe("amqp://user:p%40ss%2Fw%3Ard%25@mq.example.org/");
    expect(value("TEXT")).toBe("user p@ss/w:rd%");
    expect(value("PASSWORD")).toBe("p@ss/w:rd%");
  });
});

describe("wrong secrets", () => {
  it.each<[string, Record<string, unknown>, string, string]>([
    [
      "one that is not set",
      settings({ OPENAI_API_KEY: "ask" }),
      "web.secrets.OPENAI_API_KEY",
      "pulumi config set --secret ragdock:OPENAI_API_KEY",
    ],
    ["a value in clear", settings({ TOKEN: "sk-123" }), "web.secrets.TOKEN", "must be generate, ask, or"],
    [
      "another placeholder",
      settings({ URL: "postgresql://{{postgres.user}}@postgres" }),
      "web.secrets.URL",
      "{{secret:name}}",
    ],
    [
      "a secret that does not exist",
      settings({ URL: "redis://{{secret:no-such}}" }),
      "web.secrets.URL",
      "postgres-password, postgres-user",
    ],
    [
      "a store that it does not need",
      settings({ URL: "redis://x:{{secret:redis-password}}@redis" }),
      "web.secrets.URL",
      "needs",
    ],
    [
      "a fixed user of a store",
      settings({ URL: "postgresql://rag:{{secret:postgres-password}}@postgres" }),
      "web.secrets.URL",
      "{{secret:postgres-user}}",
    ],
    [
      "a name that is no variable",
      settings({ "JWT-SECRET": "generate" }),
      "web.secrets.JWT-SECRET",
      "letters, digits and _",
    ],
    [
      "two kinds of one variable",
      settings({ KEY: "generate" }, { secrets: { KEY: "ask" } }),
      "worker.secrets.KEY",
      "generate",
    ],
    ["the name of a setting", settings({ system: "ask" }), "web.secrets.system", "APP_SYSTEM"],
    [
      "a variable in env, too",
      { apps: { web: { ...web, env: { KEY: "1" }, secrets: { KEY: "generate" } } } },
      "web.secrets.KEY",
      "ragdock:apps.web.env.KEY",
    ],
    [
      "a variable in envFile, too",
      {
        apps: {
          web: { ...web, envFile: "tests/support/fixtures/variables.env", secrets: { GREETING: "generate" } },
        },
      },
      "web.secrets.GREETING",
      "variables.env",
    ],
    [
      "a variable of the service, too",
      { ...settings({ KEY: "generate" }), services: { web: { environment: { KEY: "1" } } } },
      "web.secrets.KEY",
      "services.web.environment.KEY",
    ],
  ])("%s: refused with its path and the fix", (_, raw, path, text) => {
    const found = problems(raw).filter((one) => one.path === `ragdock:apps.${path}`);
    expect(found.length).toBeGreaterThan(0);
    expect(found.map((one) => `${one.found} ${one.problem} ${one.fix}`).join("\n")).toContain(text);
  });

  it.each<[string, Record<string, unknown>, string]>([
    ["env", { env: { KEY: "{{secret:JWT_SECRET}}" } }, "apps.web.env.KEY"],
    ["command", { command: ["serve", "--key={{secret:JWT_SECRET}}"] }, "apps.web.command[1]"],
    ["entrypoint", { entrypoint: ["{{secret:x}}"] }, "apps.web.entrypoint[0]"],
    ["migrate", { migrate: ["{{ secret:x }}"] }, "apps.web.migrate[0]"],
    ["build.args", { build: { args: { KEY: "{{secret:x}}" } } }, "apps.web.build.args.KEY"],
    ["healthcheck", { healthcheck: { command: ["{{secret:x}}"] } }, "apps.web.healthcheck.command[0]"],
  ])("a placeholder in %s is refused, because nothing would fill it", (_, more, path) => {
    const found = problems({ apps: { web: { ...web, ...more } } }).map((one) => one.path);
    expect(found).toContain(`ragdock:${path}`);
  });

  it("a placeholder in the environment of a service is refused", () => {
    const raw = { services: { api: { environment: { KEY: "{{secret:postgres-password}}" } } } };
    expect(problems(raw).map(({ path }) => path)).toEqual(["ragdock:services.api.environment.KEY"]);
  });

  it("a rotation of a variable whose application is gone is accepted", () => {
    expect(problems({ rotations: { JWT_SECRET: 2 } })).toEqual([]);
    expect(problems({ rotations: { postgrs: 2 } }).map(({ path }) => path)).toEqual([
      "ragdock:rotations.postgrs",
    ]);
  });

  it("a secret that stays after its application is gone is accepted", () => {
    expect(problems({}, { secrets: new Set(["OPENAI_API_KEY"]) })).toEqual([]);
    expect(problems({}, { secrets: new Set(["lmApiKey"]) }).map(({ path }) => path)).toEqual([
      "ragdock:lmApiKey",
    ]);
  });
});

describe("the secrets that applications ask for", () => {
  it("are found even in wrong settings", () => {
    expect(askedSecrets(settings(secrets, { secrets: { OTHER: "ask", OPENAI_API_KEY: "ask" } }))).toEqual([
      "OPENAI_API_KEY",
      "OTHER",
    ]);
    expect(askedSecrets({ apps: ["x", null], app: { secrets: 7 } })).toEqual([]);
  });

  it("are keys of a stack's file, and must be encrypted", () => {
    const { properties } = fileSchema() as {
      properties: { config: { patternProperties: Record<string, { required?: string[] }> } };
    };
    const matching = (key: string) =>
      Object.entries(properties.config.patternProperties).filter(([pattern]) =>
        new RegExp(pattern).test(key),
      );
    expect(matching("ragdock:OPENAI_API_KEY").map(([, { required }]) => required)).toEqual([["secure"]]);
    expect(matching("ragdock:system")).toEqual([]);
    expect(matching("ragdock:llmApiKey")).toEqual([]);
  });
});
