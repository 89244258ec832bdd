import { expect, it } from "vitest";
import { Healthcheck } from "../../../config/spec/healthcheck.ts";
import { paced } from "../../../config/spec/paced-check.ts";

const argv = ["redis-cli", "ping"];

it("keeps the check's command, and gives Docker time for all checks", () => {
  const { test, timeout } = paced(Healthcheck.command(argv, { interval: "5s", timeout: "5s" }));
  expect(test.slice(0, 3)).toEqual(["CMD", "sh", "-c"]);
  expect(test.slice(4)).toEqual(["healthcheck", ...argv]);
  expect(timeout).toBe("100s");
});

it("runs a line in the shell", () => {
  expect(paced(Healthcheck.shell("a || b")).test.slice(4)).toEqual(["healthcheck", "sh", "-c", "a || b"]);
});

it("does not change a check that is rare already", () => {
  const rare = Healthcheck.command(argv, { interval: "15s", timeout: "9s" });
  expect(paced(rare)).toEqual({ test: rare.test, timeout: "9s" });
});
