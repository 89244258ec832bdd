/**
 * Tests how the program starts an application with secrets, and how long it keeps a generated
 * value, under Pulumi's mocks. tests/systems/web-and-worker.test.ts runs both.
 */
import * as pulumi from "@pulumi/pulumi";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { revisionName } from "../../../components/revision.ts";
import { serviceOf, systemWith } from "../../support/program.ts";
import { container, forget, ofType, register } from "../../support/registered.ts";

beforeEach(forget);
afterEach(() => pulumi.runtime.disconnect());

const web = { image: "web:1", port: 8000, route: "/", needs: ["postgres"] };
const secrets = {
  JWT_SECRET: "generate",
  API_TOKEN: "ask",
  DATABASE_URL: "postgresql://{{secret:postgres-user}}:{{secret:postgres-password}}@postgres/rag",
};
const withSecrets = (more: Record<string, unknown> = {}) => ({ apps: { web: { ...web, secrets, ...more } } });

describe("an application with secrets", () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ["the image's program", {}, ["/entrypoint", "serve"]],
    ["its own command", { command: ["work", "-v"] }, ["/entrypoint", "work", "-v"]],
    ["its own entrypoint, without the image's command", { entrypoint: ["run"] }, ["run"]],
    ["both", { entrypoint: ["run"], command: ["work"] }, ["run", "work"]],
  ])("is started by a script, with %s", async (_, more, command) => {
    await register(withSecrets(more));
    const inputs = container("web")?.inputs;
    expect(inputs?.entrypoints).toEqual(["/bin/sh", "/run/ragdock/start"]);
    expect(inputs?.command).toEqual(command);
  });

  it("has them in files only", async () => {
    await register(withSecrets({ migrate: ["migrate"] }));
    for (const service of ["web", "web-migrate"]) {
      const { uploads, ...rest } = container(service)?.inputs ?? {};
      expect(JSON.stringify(rest)).not.toContain("canary");
      expect(JSON.stringify(uploads)).toContain("sk-canary");
    }
    expect(pulumi.runtime.isRpcSecret(container("web")?.inputs.uploads)).toBe(true);
  });

  it("is planned before its image exists", async () => {
    await register(withSecrets(), { preview: true });
    expect(container("web")?.inputs.entrypoints).toEqual(["/bin/sh", "/run/ragdock/start"]);
  });

  it("is started as its image says if it has no secrets", async () => {
    await register({ apps: { web } });
    expect(container("web")?.inputs).not.toHaveProperty("entrypoints");
    expect(container("web")?.inputs).not.toHaveProperty("command");
  });

  it("is another revision with another value of the user, and with another generation", () => {
    const asked = { secrets: new Set(["API_TOKEN"]) };
    const name = (version: string, generation = 1) => {
      const system = systemWith({ ...withSecrets(), rotations: { JWT_SECRET: generation } }, asked);
      return revisionName(serviceOf(system, "web"), "web:1", [], { API_TOKEN: version });
    };
    expect(name("a")).toBe(name("a"));
    expect(new Set([name("a"), name("b"), name("a", 2)]).size).toBe(3);
  });
});

describe("a generated secret of an application", () => {
  const generated = () =>
    ofType(":RandomPassword")
      .map(({ name }) => name.replace("ragdock-test-", ""))
      .filter((name) => /^[A-Z]/.test(name));

  it("keeps all its generations", async () => {
    await register({ ...withSecrets(), rotations: { JWT_SECRET: 3 } });
    expect(generated()).toEqual(["JWT_SECRET", "JWT_SECRET-2", "JWT_SECRET-3"]);
  });

  it("stays when no application uses it any more, because data may be encrypted with it", async () => {
    await register({ apps: { web } }, { keptSecrets: { JWT_SECRET: 2 } });
    expect(generated()).toEqual(["JWT_SECRET", "JWT_SECRET-2"]);
  });
});

describe("a container of an application", () => {
  it("gets the folders, limits and names of its settings, and has a writable root", async () => {
    await register({
      apps: {
        web: {
          ...web,
          writable: { "/srv/cache": "16MiB" },
          ulimits: { nofile: 4096, nproc: { soft: 1, hard: 2 } },
          extraHosts: { "db.example.org": "192.0.2.7", here: "host-gateway" },
          hostname: "box",
          workingDir: "/srv/app",
          labels: { "com.example.team": "search" },
        },
      },
    });
    expect(container("web")?.inputs).toMatchObject({
      tmpfs: { "/srv/cache": "size=16m,mode=1777,exec" },
      ulimits: [
        { name: "nofile", soft: 4096, hard: 4096 },
        { name: "nproc", soft: 1, hard: 2 },
      ],
      hosts: [
        { host: "db.example.org", ip: "192.0.2.7" },
        { host: "here", ip: "host-gateway" },
      ],
      hostname: "box",
      workingDir: "/srv/app",
      labels: expect.arrayContaining([{ label: "com.example.team", value: "search" }]),
    });
    expect(container("web")?.inputs.readOnly).toBeUndefined();
  });
});
