import { describe, expect, it } from "vitest";
import { noRestart } from "../../../config/passes/recovery.ts";
import { Healthcheck } from "../../../config/spec/healthcheck.ts";
import { paced } from "../../../config/spec/paced-check.ts";
import { dockerCheck } from "../../../config/spec/recovery.ts";
import { isLongRunning } from "../../../config/spec/service.ts";
import { seconds } from "../../../config/spec/units.ts";
import { serviceOf, systemWith } from "../../support/program.ts";

const argv = ["redis-cli", "ping"];

it("keeps the check's command, and gives Docker time for all checks", () => {
  const { test, timeout } = paced(Healthcheck.command(argv, { interval: "5s", timeout: "5s" }));
  expect(test.slice(0, 3)).toEqual(["CMD", "sh", "-c"]);
  expect(test.slice(4)).toEqual(["healthcheck", ...argv]);
  expect(timeout).toBe("119s");
});

it("runs a line in the shell", () => {
  expect(paced(Healthcheck.shell("a || b")).test.slice(4)).toEqual(["healthcheck", "sh", "-c", "a || b"]);
});

describe("a check with a long interval", () => {
  const rare = Healthcheck.command(argv, { interval: "15s", timeout: "9s" });

  it("is not changed", () => expect(paced(rare)).toEqual({ test: rare.test, timeout: "9s" }));

  it("keeps its pace if failures restart the container, and gets time to count them", () => {
    const { test, timeout } = paced(rare, "recover() { :; }");
    expect(test.slice(4)).toEqual(["healthcheck", ...argv]);
    expect(test[3]).toContain("timeout 9 ");
    expect(test[3]).not.toContain("sleep");
    expect(timeout).toBe("14s");
  });
});

describe("a service that stays unhealthy", () => {
  const restarts = (raw: Record<string, unknown>) =>
    Object.fromEntries(
      systemWith(raw).services.flatMap((s) =>
        isLongRunning(s) && s.restartUnhealthy ? [[s.name, s.restartUnhealthy]] : [],
      ),
    );
  const usual = { after: "5m", limit: 3 };

  it("is restarted if it is an application, and no store, gateway or exporter is", () => {
    expect(restarts({})).toEqual({ api: usual, worker: usual, ui: usual });
    expect(restarts({ environment: "prod" })).toMatchObject({ api: usual, worker: usual, ui: usual });
    expect(restarts({ system: "rag-events" })).toEqual({ api: usual, ui: usual });
  });

  it("is restarted as the settings say", () => {
    const services = { api: { restartUnhealthy: false }, worker: { restartUnhealthy: { limit: 1 } } };
    expect(restarts({ services: { ...services, ui: { sourceMount: true } } })).toEqual({
      worker: { after: "5m", limit: 1 },
    });
  });

  it("is not restarted for its health if it has a volume, unless the settings say so", () => {
    const apps = { db: { image: "db:1", port: 80, route: "/", volumes: [{ name: "data", path: "/data" }] } };
    expect(restarts({ apps })).toEqual({});
    expect(restarts({ apps, services: { db: { restartUnhealthy: {} } } })).toEqual({ db: usual });
  });

  it("is not restarted for its health if its check has a long interval, unless the settings say so", () => {
    const check = { command: ["true"], interval: "15s" };
    const apps = { mine: { image: "app:1", port: 80, route: "/", healthcheck: check } };
    expect(restarts({ apps })).toEqual({});
    expect(restarts({ apps, services: { mine: { restartUnhealthy: {} } } })).toEqual({ mine: usual });
  });

  it("is never restarted if it is a store or may change its user", () => {
    const app = { image: "app:1", port: 80 };
    const apps = {
      plain: { ...app, route: "/" },
      root: { ...app, capabilities: ["SETUID"] },
    };
    expect(restarts({ apps })).toEqual({ plain: usual });
    const system = systemWith({ apps: { ...apps, plain: { ...app, route: "/", needs: ["postgres"] } } });
    const reason = (name: string) => noRestart(serviceOf(system, name));
    expect(reason("postgres")).toContain("may be recovering its data");
    expect(reason("root")).toContain("may change its user");
    expect(reason("plain")).toBeUndefined();
  });

  it("has a health check that ends its first process, but not during a deployment", () => {
    const api = serviceOf(systemWith({}), "api");
    const script = dockerCheck(api).test[3] ?? "";
    expect(script).toContain("kill -TERM 1; sleep");
    const { startPeriod, retries, interval, timeout } = api.healthcheck;
    const settles = seconds(startPeriod) + retries * (seconds(interval) + seconds(timeout));
    expect(script).toContain(`[ $age -ge ${settles + 30} ] || return 0`);
    expect(dockerCheck(serviceOf(systemWith({}), "postgres")).test[3]).not.toContain("kill");
  });
});
