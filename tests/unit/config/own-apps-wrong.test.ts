/** Tests the short form of an own application, and settings of own applications that are refused. */
import { describe, expect, it } from "vitest";
import { serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const other = { image: "other:1.0", port: 8000, route: "/" };

describe("the short form", () => {
  it("is one application with all stores", () => {
    const short = systemWith({ app: { image: "mine:1.0", port: 5000, healthPath: "/ping" } });
    const long = systemWith({
      apps: {
        api: {
          image: "mine:1.0",
          port: 5000,
          route: "/",
          healthcheck: { path: "/ping" },
          needs: ["postgres", "redis"],
        },
      },
    });
    expect(serviceOf(long, "api")).toEqual(serviceOf(short, "api"));
  });

  it("may take longer to start", () => {
    const { healthcheck } = serviceOf(systemWith({ app: { image: "mine:1.0", startPeriod: "9m" } }), "api");
    expect(healthcheck.startPeriod).toBe("9m");
  });

  it("is refused together with `apps`", () => {
    const found = problems({ app: { image: "mine:1.0" }, apps: { web: other } });
    expect(found.map(({ path }) => path)).toContain("ragdock:app");
  });
});

describe("wrong applications", () => {
  it.each([
    [{ web: { ...other, route: "/api/" } }, "ragdock:apps"],
    [{ web: { image: "mine:1.0" } }, "ragdock:apps"],
    [{ web: other, second: other }, "ragdock:apps.second.route"],
    [{ web: other, once: { image: "mine:1.0", job: true, port: 9000 } }, "ragdock:apps.once.job"],
    [{ web: { ...other, route: "api" } }, "ragdock:apps.web.route"],
    [{ postgres: other }, "ragdock:apps.postgres"],
    [{ ingress: other }, "ragdock:apps.ingress"],
    [{ app: other }, "ragdock:apps.app"],
    [{ Web: other }, "ragdock:apps.Web"],
    [{ web: { ...other, secrets: ["x"] } }, "ragdock:apps.web.secrets"],
    [{ web: { ...other, writable: ["/x"] } }, "ragdock:apps.web.writable"],
    [{ web: { ...other, build: { python: "3.11" } } }, "ragdock:apps.web.build.python"],
    [
      { web: { ...other, needs: ["second"] }, second: { image: "mine:1.0", needs: ["web"] } },
      "ragdock:services.web",
    ],
  ])("%j are reported with their path, their value and a fix", (wrong, path) => {
    const found = problems({ apps: wrong });
    expect(found.map((p) => p.path)).toContain(path);
    for (const problem of found)
      for (const text of [problem.found, problem.problem, problem.fix]) expect(text).not.toBe("");
  });
});
