/**
 * `make bench`: measures Ragdock and writes docs/measurements/performance.md. A run takes about 15
 * minutes.
 *
 * `ROUNDS=3` sets the number of repetitions, and `SERVICES=5,50,200` the steps of growth.
 * `FRESH=up.log` reads the log of a first `( time make up ) > up.log 2>&1` on a fresh machine, and
 * keeps its times in docs/measurements/performance.fresh.json.
 *
 * A run works on a separate stack, state and copy of the last commit, and removes them at the end.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ensureBaseImage } from "../../host/base-image.ts";
import { projectDir } from "../../host/paths.ts";
import { writePage } from "../markdown.ts";
import { Checkout, full } from "./checkout.ts";
import { composeVersion, ensureCompose } from "./compose-tool.ts";
import { ComposeTwin } from "./compose-twin.ts";
import { disrupt } from "./disruption.ts";
import { memoryOf, round, sizesOf } from "./everyday.ts";
import { readFresh } from "./fresh.ts";
import { grow, makeIdleImage, removeIdleImage } from "./growth.ts";
import { attempt, imagesOfDev, load, runFacts, say, tryRun } from "./measure.ts";
import { performanceParts, type Results } from "./page.ts";

const freshFile = join(projectDir, "docs/measurements/performance.fresh.json");
const rounds = Number(process.env.ROUNDS ?? 3);
const counts = (process.env.SERVICES ?? "5,50,200").split(",").filter(Boolean).map(Number);

const results: Results = {
  facts: await runFacts(),
  images: imagesOfDev(),
  loadBefore: load(),
  loadAfter: "",
  pairs: {
    unchanged: { ours: [], compose: [] },
    preview: { ours: [], compose: [] },
    warm: { ours: [], compose: [] },
    edit: { ours: [], compose: [] },
  },
  growth: [],
  failures: [],
  ...(existsSync(freshFile) ? { fresh: JSON.parse(readFileSync(freshFile, "utf8")) } : {}),
};

/** Measures something, and writes the page. */
async function measured<T>(what: string, measure: () => T | Promise<T>): Promise<T | undefined> {
  const value = await attempt(what, results.failures, measure);
  results.loadAfter = load();
  writePage("docs/measurements/performance.md", performanceParts(results));
  return value;
}

/** Measures the real stack. */
async function measureStack(compose: string | undefined): Promise<void> {
  const checkout = new Checkout(full);
  let twin: ComposeTwin | undefined;
  try {
    say("first `make up` …");
    results.first = (await checkout.make("up")).seconds;
    say(`  ${results.first.toFixed(1)} s`);
    results.containers = (await checkout.containers()).length;
    if (compose) twin = await measured("the Compose file", () => ComposeTwin.of(checkout, compose));
    for (let i = 1; i <= rounds; i++) {
      await measured(`round ${i} of ${rounds}`, () => round(checkout, twin, results.pairs));
    }
    const disruption = await measured("changes under traffic", () =>
      disrupt(checkout, twin, results.failures),
    );
    const memory = await measured("memory", () => memoryOf(checkout));
    const sizes = await measured("image sizes", () => sizesOf(checkout));
    Object.assign(results, { disruption, memory, sizes });
  } finally {
    say("removing the stack …");
    await twin?.remove();
    await tryRun(["docker", "image", "rm", "ragdock-bench-app:compose", "ragdock-bench-ui:compose"]);
    await checkout.remove();
  }
}

async function measureGrowth(compose: string | undefined): Promise<void> {
  await makeIdleImage();
  try {
    for (const count of counts) {
      const step = await measured(`${count} services`, () => grow(count, compose));
      if (step) results.growth.push(step);
    }
  } finally {
    await removeIdleImage();
  }
}

if (results.images === "packages") await ensureBaseImage(say);
const compose = await measured(`Compose ${composeVersion}`, ensureCompose);
if (compose) results.compose = composeVersion.slice(1);
const log = process.env.FRESH;
const fresh = log ? await measured("a fresh machine", () => readFresh(log)) : undefined;
if (fresh) {
  results.fresh = fresh;
  writeFileSync(freshFile, `${JSON.stringify(fresh, null, 2)}\n`);
}
await measured("growth", () => measureGrowth(compose));
await measured("the stack", () => measureStack(compose));
say("wrote docs/measurements/performance.md");
if (results.failures.length > 0) process.exitCode = 1;
