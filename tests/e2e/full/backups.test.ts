/** Tests the metrics of backups. tests/slow/data.test.ts tests the backups. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { eventually } from "../../../tools/eventually.ts";
import { projectDir } from "../../support/stack.ts";
import { prometheus, stack } from "./context.ts";

describe("backups", () => {
  afterAll(() =>
    rmSync(join(projectDir, ".ragdock", "backups", stack.name), { recursive: true, force: true }),
  );

  it("and drills report their age to Prometheus", async () => {
    const since = Date.now() / 1000;
    for (const command of ["backup", "drill"]) {
      const { code, output } = await stack.make(command);
      expect(code, output).toBe(0);
    }
    for (const metric of ["success", "drill_success"]) {
      const query = `ragdock_backup_last_${metric}_timestamp_seconds`;
      const value = await eventually(async () => {
        const { result } = await prometheus<{ result: { value: [number, string] }[] }>(
          `query?query=${query}`,
        );
        return result[0]?.value[1];
      });
      expect(Number(value)).toBeGreaterThan(since - 1);
    }
  });
});
