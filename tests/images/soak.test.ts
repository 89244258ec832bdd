/**
 * Runs the job that watches a new revision of the API of `full`. A small nginx stands in for the
 * API. It does not prove that the gateway waits for the job: tests/e2e/full/changes.test.ts proves
 * that.
 */
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { docker } from "../../host/docker.ts";
import { Front, standInFor } from "../support/front.ts";
import { systemWith } from "../support/program.ts";

const front = new Front("soak");

/** Answers a second and a half after its start, as an application does. */
const slowStart = ["sh", "-c", "sleep 1.5; exec nginx -g 'daemon off;'"];

beforeAll(() => front.open());

afterAll(() => front.close());

/** Watches the API for 6 s while `happens` runs. Returns the job's exit code and its output. */
async function soaked(happens: (api: string) => Promise<unknown>): Promise<{ code: number; output: string }> {
  const files = [{ path: "/etc/nginx/nginx.conf", content: standInFor("location / { return 200; }") }];
  const api = await front.start("api", files, slowStart);
  await setTimeout(2500);
  const services = systemWith({ services: { api: { soak: "6s" } } }).services;
  const job = services.find(({ name }) => name === "api-soak");
  const watching = await front.start("api-soak", job?.files ?? [], job?.command ?? []);
  await setTimeout(1500);
  await happens(api.name);
  const code = Number(await docker("wait", watching.name));
  const output = await watching.logs();
  await docker("rm", "-fv", api.name);
  return { code, output };
}

describe("the soak of a revision", () => {
  it("succeeds if the revision answers all the time", async () => {
    const { code, output } = await soaked(async () => {});
    expect(output).toContain("answered for 6 s");
    expect(code).toBe(0);
  });

  it("fails if the process ends, even if Docker starts it again within two seconds", async () => {
    const { code, output } = await soaked((api) => docker("restart", "--time", "0", api));
    expect(output).toContain("The new revision failed its soak");
    expect(output).toContain("refused a connection within its first 6 s");
    expect(code).toBe(1);
  });

  it("fails if the revision no longer answers", async () => {
    const { code, output } = await soaked((api) => docker("pause", api));
    expect(output).toContain("three requests in a row");
    expect(code).toBe(1);
  });
});
