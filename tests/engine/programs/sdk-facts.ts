// Registers a component, and writes facts about the SDK in this process. preload.test.ts runs it
// with and without patches.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import * as pulumi from "@pulumi/pulumi";

const require = createRequire(import.meta.url);
interface Store {
  readonly leakCandidates: Set<Promise<unknown>>;
}
const { getStore } = require("@pulumi/pulumi/runtime/state.js") as { getStore(): Store };

const component = new pulumi.ComponentResource("enginetest:index:Thing", "thing");
const loaded = Object.keys(require.cache);
const candidates = [...getStore().leakCandidates];
const facts = {
  compiler: loaded.some((file) => file.includes("/node_modules/typescript/lib/")),
  packageManager: loaded.some((file) => file.includes("/node_modules/@npmcli/arborist/")),
  watchedPromises: candidates.length > 0,
  markedPromises: candidates.filter((promise) => Object.hasOwn(promise, "_debugId")).length > 1,
};
component.urn.apply(() => writeFileSync(process.env.FACTS_FILE as string, JSON.stringify(facts)));
if (process.env.LEAK) {
  new pulumi.ComponentResource(
    "enginetest:index:Thing",
    "open",
    { never: new Promise(() => undefined) },
    {},
    true,
  );
}
