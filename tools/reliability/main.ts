/**
 * `make reliability`: causes faults on purpose and writes docs/measurements/reliability.md. A run
 * takes about two hours.
 *
 * `SYSTEM=myrag` tests that system instead of `full`, and `SYSTEM=full-prod` tests `full` in `prod`,
 * with TLS and a sign-in. `ROUNDS=10` sets the number of rounds of each
 * change, and `KILLS=20` the number of kills of `make up`. `ONLY=changes,releases,crashes,
 * overloads,faults,kills` selects parts: the page keeps the earlier results of all other parts. The part `machine` runs
 * only if selected. It restarts Docker, with all other containers of the machine, and fills a
 * separate small disk.
 *
 * A run needs root, because it kills processes of containers from the host. It works on a separate
 * stack, state and copy of the last commit, and removes them at the end.
 */
import { Checkout } from "../bench/checkout.ts";
import { say } from "../bench/measure.ts";
import { underTraffic } from "../traffic.ts";
import { refuse } from "./bad-revisions.ts";
import { observe } from "./changes.ts";
import { crashes } from "./faults.ts";
import type { Crashed, Interrupted, Survived } from "./findings.ts";
import { machineFaults } from "./machine-faults.ts";
import { overload } from "./overload.ts";
import { Recorder } from "./recorder.ts";
import { overloads } from "./requests.ts";
import { type SubjectName, subjects } from "./subjects.ts";
import { type Fault, World } from "./world.ts";

const rounds = Number(process.env.ROUNDS ?? 10);
const kills = Number(process.env.KILLS ?? 20);
const parts = (process.env.ONLY ?? "changes,releases,crashes,overloads,faults,kills").split(",");

const name = (process.env.SYSTEM ?? "full") as SubjectName;
const subject = subjects[name];
if (!subject) throw new Error(`SYSTEM is ${name}. Use one of: ${Object.keys(subjects).join(", ")}`);

const recorder = await Recorder.of(name);
const { runs } = recorder;

async function survive({ name, promise, strike }: Fault): Promise<Survived> {
  await world.upload();
  const told = await strike(world);
  const seconds = await world.healed();
  return { name, promise, seconds, told, ...(await world.documents()) };
}

/** Causes a fault under traffic. */
async function crash(fault: Fault): Promise<Crashed> {
  let survived: Survived | undefined;
  const seen = await underTraffic(checkout.target, async () => {
    survived = await survive(fault);
  });
  return { ...(survived as Survived), ...seen };
}

/** The latest moment of a kill, in seconds: as long as an `up` that replaces API and gateway. */
const longest = 20;

/** Kills `make up` at random moments of changes. The next `make up` has to continue from there. */
async function kill(): Promise<Interrupted> {
  let stuck = 0;
  let slowest = 0;
  await world.upload();
  const seen = await underTraffic(checkout.target, async () => {
    for (let i = 1; i <= kills; i++) {
      checkout.configure({ services: subject.changing(i) });
      const after = 0.5 + Math.random() * longest;
      await checkout.killed(after);
      const { code, seconds } = await checkout.tryMake("up");
      if (code !== 0) stuck += 1;
      slowest = Math.max(slowest, seconds);
      say(`  killed after ${after.toFixed(1)} s; the next run: exit code ${code}, ${seconds.toFixed(1)} s`);
    }
  });
  const seconds = await world.healed();
  return { ...seen, tries: kills, stuck, slowest, seconds, ...(await world.documents()) };
}

const checkout = new Checkout(subject.settings);
const world = new World(checkout);
try {
  say("first `make up` …");
  await checkout.make("up");
  if (subject.settings.ingress) await checkout.enter();
  if (parts.includes("changes"))
    await runs("changes", subject.changes, (change, round) => observe(change, checkout, round), rounds);
  if (parts.includes("releases")) await runs("releases", subject.badRevisions, (bad) => refuse(world, bad));
  if (parts.includes("crashes")) await runs("crashes", crashes(await checkout.containers()), crash);
  if (parts.includes("overloads")) await runs("overloads", overloads, (one) => overload(one, checkout));
  if (parts.includes("faults")) await runs("faults", subject.faults, survive);
  if (parts.includes("machine")) await runs("machine", machineFaults, survive);
  if (parts.includes("kills")) await runs("kills", [{ name: "kills of `make up`" }], kill);
} finally {
  say("removing the stack …");
  await checkout.remove();
}
say("wrote docs/measurements/reliability.md");
if (recorder.hasFailed()) process.exitCode = 1;
