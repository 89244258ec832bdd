/**
 * Tests which files of own applications a deployment may lose, with a Docker that has written files.
 * tests/systems/web-and-worker.test.ts has real containers.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { imagesOnly } from "../../../config/spec/part.ts";
import type { Container } from "../../../host/docker.ts";
import { giveUpFiles, protectFiles } from "../../../host/file-protection.ts";
import { systemWith } from "../../support/program.ts";
import { refusalOf } from "../../support/reader.ts";

vi.mock("../../../host/docker.ts", () => ({
  serviceOf: ({ Config }: Container) => Config.Labels["ragdock.service"],
  docker: async (command: string) =>
    command === "diff" ? "A /srv/data\nA /srv/data/x.db\n" : "/srv/data/x.db\n",
}));

const at = "2026-11-26T20:00:00.123456789Z";
const web = { image: "registry.example.org/web:1", port: 8000, route: "/" };

const container = (service: string, revision?: string, Created = at): Container =>
  ({
    Id: service,
    Created,
    State: { Status: "running" },
    Mounts: [],
    Config: {
      Labels: { "ragdock.service": service, ...(revision ? { "ragdock.revision": revision } : {}) },
    },
  }) as unknown as Container;

interface Case {
  readonly apps?: Record<string, object>;
  readonly settings?: Record<string, unknown>;
  readonly last?: Record<string, unknown>;
  readonly containers?: readonly Container[];
  readonly revision?: string;
  readonly deploys?: boolean;
}

const warnings: string[] = [];

/** Protects the files of a stack whose deployment will have this revision of `web`. */
function protect({ apps = { web }, settings = {}, last = apps, ...more }: Case): Promise<void> {
  const { containers = [container("web", "web-1")], revision = "web-2", deploys = true } = more;
  const system = systemWith({ apps, ...settings });
  const texts = { apps: JSON.stringify(apps) };
  return protectFiles("test", system, containers, {
    settings: texts,
    deployments: [{ at, settings: { apps: JSON.stringify(last) }, images: {} }],
    revisions: () => ({ web: revision }),
    deploys,
    warn: (message) => warnings.push(message),
  });
}

const refusal = (given: Case): Promise<string> => refusalOf(() => protect(given), "test");

beforeEach(() => void warnings.splice(0));
afterEach(() => void vi.unstubAllEnvs());

describe("a deployment that replaces a container with files", () => {
  it("is refused, with the volume that keeps them and the commands that give them up", async () => {
    expect(await refusal({})).toBe(
      `Files would be lost, and nothing was changed. Applications have written them outside of their volumes:
  web: /srv/data, such as /srv/data/x.db
To keep the files, use a volume. A volume hides the image's files in its folder, so choose a folder without code:
  ragdock:apps.web.volumes: [{ name: web-data, path: /srv/data }]
Copy them first: docker cp <container>:<folder> .
If you accept their loss this time: make up STACK=test CONFIRM=test
With the Pulumi CLI: pulumi config set --stack test --path 'ragdock:lostFiles.web' '${at}' && pulumi up
Each time: pulumi config set --stack test --path 'ragdock:apps.web.ephemeral' true`,
    );
  });

  it("is refused if the container has no label yet, because the new container will have one", async () => {
    expect(await refusal({ containers: [container("web")] })).toContain("nothing was changed");
  });

  it("continues in dev if the user accepts the loss of these files, by a setting or for one run", async () => {
    const lostFiles = { web: at };
    expect(await refusal({ settings: { lostFiles } })).toBe("");
    // This is how Pulumi's CLI writes a time without quotes.
    const rewritten = { web: "2026-11-26 20:00:00.123456789 +0000 UTC" };
    expect(await refusal({ settings: { lostFiles: rewritten } })).toBe("");
    const later = container("web", "web-1", "2026-11-26T20:01:00Z");
    expect(await refusal({ settings: { lostFiles }, containers: [later] })).toContain("nothing was changed");
    vi.stubEnv(giveUpFiles, "other");
    expect(await refusal({})).toContain("nothing was changed");
    vi.stubEnv(giveUpFiles, "test");
    expect(await refusal({})).toBe("");
  });

  it("is refused in prod unless the application is ephemeral", async () => {
    vi.stubEnv(giveUpFiles, "test");
    const settings = { environment: "prod", lostFiles: { web: at } };
    const refused = await refusal({ settings });
    expect(refused).toContain("If you accept their loss: pulumi config set --stack test");
    expect(refused).not.toMatch(/CONFIRM|lostFiles/);
    expect(await refusal({ settings, apps: { web: { ...web, ephemeral: true } } })).toBe("");
  });

  it("is shown by a preview, which changes nothing", async () => {
    await protect({ deploys: false });
    expect(warnings).toEqual([expect.stringContaining("a deployment would be refused")]);
    expect(warnings[0]).toContain("lostFiles.web");
  });
});

it("warns about the files of a container that stays", async () => {
  await protect({ revision: "web-1" });
  expect(warnings).toEqual([expect.stringContaining("The next change of such an application loses them")]);
  expect(warnings[0]).toContain("ragdock:apps.web.volumes: [{ name: web-data, path: /srv/data }]");
});

describe("an application that left the settings", () => {
  const last = { web, old: { image: "registry.example.org/old:1" } };
  const containers = [container("old", "old-1")];

  it("counts as replaced", async () => {
    const refused = await refusal({ last, containers });
    expect(refused).toContain("  old: /srv/data, such as /srv/data/x.db");
    expect(refused).toContain("To keep them, put the application back into the settings.");
    expect(refused).toContain("make up STACK=test CONFIRM=test");
    expect(refused).not.toContain("apps.old");
    expect(await refusal({ last, containers, settings: { lostFiles: { old: at } } })).toBe("");
  });

  it("must have been ephemeral in prod", async () => {
    const settings = { environment: "prod" };
    expect(await refusal({ last, containers, settings })).toContain(
      "put the application back with `ephemeral: true`, deploy, and then remove it.",
    );
    const ephemeral = { ...last, old: { ...last.old, ephemeral: true } };
    expect(await refusal({ last: ephemeral, containers, settings })).toBe("");
  });

  it("is found as `api` if it had the short form", async () => {
    const system = systemWith({ apps: { web } });
    const deployments = [{ at, settings: { app: JSON.stringify({ source: "../my-rag" }) }, images: {} }];
    const plan = { settings: {}, deployments, revisions: () => ({}), deploys: true, warn: () => {} };
    await expect(protectFiles("test", system, [container("api")], plan)).rejects.toThrow("api: /srv/data");
  });
});

it("checks applications only, and nothing if the run only builds images", async () => {
  await protect({ containers: [container("postgres")] });
  vi.stubEnv(imagesOnly, "true");
  await protect({});
  expect(warnings).toEqual([]);
});
