/**
 * Tests what a refresh says about resources that are gone, with a fake provider that has no
 * resources.
 */
import { expect, test } from "vitest";
import type { Deployment } from "../../../../engine/run/deployment.ts";
import { refreshAll } from "../../../../engine/run/refresh.ts";

test("tells what had failed from what something else deleted", async () => {
  const entry = (name: string, initErrors: string[]) => ({
    urn: `urn:pulumi:dev::ragdock::docker:index/container:Container::${name}`,
    tf: {},
    initErrors,
  });
  const notes: string[] = [];
  const nothing = () => undefined;
  const deployment = {
    report: { note: (text: string) => notes.push(text), done: nothing, failed: nothing },
    store: {
      resources: {
        all: () => [entry("ragdock-dev-api", []), entry("ragdock-dev-worker", ["No such container: abc"])],
        drop: nothing,
      },
      flush: async () => undefined,
    },
    slot: (work: () => unknown) => work(),
    operations: { read: async () => ({}) },
    target: nothing,
  } as unknown as Deployment;
  await refreshAll(deployment, () => false);
  expect(notes).toEqual([
    "ragdock-dev-api is gone: it was deleted outside of this program",
    "ragdock-dev-worker is gone: it had failed, so it was removed",
  ]);
});
