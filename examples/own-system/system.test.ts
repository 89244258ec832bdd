import assert from "node:assert/strict";
import { test } from "node:test";
import { checkSystem } from "ragdock/testing";

test("the system keeps Ragdock's rules in dev and prod", () => {
  assert.deepEqual(checkSystem(new URL("./system.ts", import.meta.url)), []);
});
