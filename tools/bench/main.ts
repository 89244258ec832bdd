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
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { ensureBaseImage } from "../../host/base-image.ts";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { Checkout, stack } from "./checkout.ts";
import { type ComposeProject, composeVersion, ensureCompose } from "./compose-tool.ts";
import { disrupt } from "./disruption.ts";
import { composeTwin, memoryOf, sizesOf } from "./everyday.ts";
import { readFresh } from "./fresh.ts";
import { grow, makeIdleImage, removeIdleImage } from "./growth.ts";
import { imagesOfDev } from "./images.ts";
import { attempt, load, run, say, secondsOf } from "./measure.ts";
import { page } from "./page.ts";
import type { Fresh, Results } from "./results.ts";
import { Rounds } from "./rounds.ts";

const pageFile = join(projectDir, "docs/measurements/performance.md");
const freshFile = join(projectDir, "docs/measurements/performance.fresh.json");
const rounds = Number(process.env.ROUNDS ?? 3);
const counts = (process.env.SERVICES ?? "5,50,200").split(",").filter(Boolean).map(Number);

async function start(): Promise<Results> {
  const images = imagesOfDev();
  const commit = await run(["git", "rev-parse", "--short", "HEAD"], { cwd: projectDir });
  const version = await docker("version", "--format", "{{.Server.Version}}");
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commit.output.trim(),
    images,
    machine: [
      ["cores", String(availableParallelism())],
      ["memory", `${(totalmem() / 2 ** 30).toFixed(0)} GiB`],
      ["Docker Engine", version.trim()],
      ["Node", process.versions.node],
      ["Docker Compose", composeVersion.slice(1)],
    ],
    loadBefore: load(),
    loadAfter: "",
    services: 0,
    pairs: {
      unchanged: { ours: [], compose: [] },
      preview: { ours: [], compose: [] },
      warm: { ours: [], compose: [] },
      edit: { ours: [], compose: [] },
    },
    growth: [],
    failures: [],
    ...(existsSync(freshFile) ? { fresh: JSON.parse(readFileSync(freshFile, "utf8")) as Fresh } : {}),
  };
}

/** Measures the real stack. */
async function measureStack(results: Results): Promise<void> {
  const { failures } = results;
  const checkout = await Checkout.make(results.images as Checkout["images"]);
  let twin: ComposeProject | undefined;
  try {
    say(`first \`make up\` of stack ${stack} …`);
    results.first = secondsOf("the first make up", await checkout.make("up"));
    say(`  ${results.first.toFixed(1)} s`);
    results.services = (await checkout.containers()).length;
    const binary = results.compose;
    if (binary) twin = await attempt("the Compose file", failures, () => composeTwin(checkout, binary));
    const all = new Rounds(checkout, twin, results);
    for (let i = 1; i <= rounds; i++) {
      await attempt(`round ${i} of ${rounds}`, failures, () => all.round());
      save(results);
    }
    const disruption = await attempt("changes under traffic", failures, () =>
      disrupt(checkout, twin, failures),
    );
    if (disruption) results.disruption = disruption;
    save(results);
    const memory = await attempt("memory", failures, () => memoryOf(checkout));
    const sizes = await attempt("image sizes", failures, () => sizesOf(checkout));
    Object.assign(results, memory ? { memory } : {}, sizes ? { sizes } : {});
  } finally {
    say("removing the stack …");
    await twin?.remove();
    await run(["docker", "image", "rm", "ragdock-bench-app:compose", "ragdock-bench-ui:compose"]);
    await checkout.remove();
  }
}

async function measureGrowth(results: Results): Promise<void> {
  makeIdleImage();
  try {
    for (const count of counts) {
      const step = await attempt(`${count} services`, results.failures, () => grow(count, results.compose));
      if (step) results.growth.push(step);
      save(results);
    }
  } finally {
    removeIdleImage();
  }
}

function save(results: Results): void {
  results.loadAfter = load();
  writeFileSync(pageFile, page(results));
}

const results = await start();
if (results.images === "packages") await ensureBaseImage(say);
const compose = await attempt(`Compose ${composeVersion}`, results.failures, ensureCompose);
if (compose) results.compose = compose;
const log = process.env.FRESH;
if (log) {
  const fresh = await attempt("a fresh machine", results.failures, async () => readFresh(log));
  if (fresh) {
    results.fresh = fresh;
    writeFileSync(freshFile, `${JSON.stringify(fresh, null, 2)}\n`);
  }
}
await attempt("growth", results.failures, () => measureGrowth(results));
await attempt("the stack", results.failures, () => measureStack(results));
save(results);
say("wrote docs/measurements/performance.md");
if (results.failures.length > 0) process.exitCode = 1;
