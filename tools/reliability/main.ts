/**
 * `make reliability`: causes faults on purpose and writes docs/measurements/reliability.md. A run
 * takes about two hours.
 *
 * `SYSTEM=myrag` tests that system instead of `full`. `ROUNDS=10` sets the number of rounds of each
 * change, and `KILLS=20` the number of kills of `make up`. `ONLY=changes,releases,faults,kills`
 * selects parts: the page keeps the earlier results of all other parts. The part `machine` runs
 * only if selected. It restarts Docker, with all other containers of the machine, and fills a
 * separate small disk.
 *
 * A run needs root, because it kills processes of containers from the host. It works on a separate
 * stack, state and copy of the last commit, and removes them at the end.
 */
import { Checkout, port } from "../bench/checkout.ts";
import { attempt, load, runFacts, say } from "../bench/measure.ts";
import { writePage } from "../markdown.ts";
import { underTraffic } from "../traffic.ts";
import { refuse } from "./bad-revisions.ts";
import { observe } from "./changes.ts";
import { kills as killsOf } from "./faults.ts";
import { type Part, readFindings, type Survived, type SystemFindings, writeFindings } from "./findings.ts";
import { machineFaults } from "./machine-faults.ts";
import { reliabilityParts } from "./page.ts";
import { type SubjectName, subjects } from "./subjects.ts";
import { type Fault, World } from "./world.ts";

const rounds = Number(process.env.ROUNDS ?? 10);
const kills = Number(process.env.KILLS ?? 20);
const parts = (process.env.ONLY ?? "changes,releases,faults,kills").split(",");

const name = (process.env.SYSTEM ?? "full") as SubjectName;
const subject = subjects[name];
if (!subject) throw new Error(`SYSTEM is ${name}. Use one of: ${Object.keys(subjects).join(", ")}`);

const all = readFindings();
const findings: SystemFindings = { ...all[name] };
all[name] = findings;
const { date, commit, cores, memory, docker } = await runFacts();
const machine = `${cores} cores, ${memory}, Docker Engine ${docker}`;

/** The failures of each part of this run. */
const failures: Record<string, string>[] = [];

function begin<T>(cases: readonly { readonly name: string }[], seen: T): Part<T> {
  const planned = cases.map(({ name }) => name);
  const part = { date, commit, machine, loadBefore: load(), loadAfter: load(), planned, seen, failures: {} };
  failures.push(part.failures);
  return part;
}

/** Runs one case, and writes the page with its result. */
async function each<T>(
  part: Part<unknown>,
  name: string,
  work: () => Promise<T>,
  keep: (seen: T) => void,
  round = "",
): Promise<void> {
  const reasons: string[] = [];
  const seen = await attempt(`${name}${round}`, reasons, work);
  if (seen !== undefined) {
    say(`  ${JSON.stringify(seen)}`);
    keep(seen);
  }
  for (const reason of reasons) part.failures[name] = reason;
  part.loadAfter = load();
  writeFindings(all);
  writePage("docs/measurements/reliability.md", reliabilityParts(all));
}

async function changeUnderTraffic(): Promise<void> {
  const part = begin<NonNullable<SystemFindings["changes"]>["seen"]>(subject.changes, {});
  findings.changes = part;
  for (let round = 1; round <= rounds; round++) {
    for (const change of subject.changes) {
      const keep = (seen: Awaited<ReturnType<typeof observe>>) => {
        part.seen[change.name] = [...(part.seen[change.name] ?? []), seen];
      };
      const work = () => observe(change, checkout, round);
      await each(part, change.name, work, keep, `, ${round} of ${rounds}`);
    }
  }
}

async function deployBadRevisions(): Promise<void> {
  const part = begin<NonNullable<SystemFindings["releases"]>["seen"]>(subject.badRevisions, []);
  findings.releases = part;
  for (const bad of subject.badRevisions) {
    await each(
      part,
      bad.name,
      () => refuse(world, bad),
      (refused) => part.seen.push(refused),
    );
  }
}

async function causeFaults(key: "faults" | "machine", all: readonly Fault[]): Promise<void> {
  const part = begin<Survived[]>(all, []);
  findings[key] = part;
  for (const { name, promise, strike } of all) {
    const work = async (): Promise<Survived> => {
      await world.upload();
      const told = await strike(world);
      const seconds = await world.healed();
      return { name, promise, seconds, told, ...(await world.documents()) };
    };
    await each(part, name, work, (survived) => part.seen.push(survived));
  }
}

/**
 * The latest moment of a kill, in seconds after the start. An `up` that replaces API and gateway
 * takes about that long.
 */
const longest = 20;

/**
 * Kills `make up` at random moments, each time during another change. The next `make up` has to
 * continue from there.
 */
async function kill(): Promise<void> {
  const name = "kills of `make up`";
  const part = begin<NonNullable<SystemFindings["kills"]>["seen"]>([{ name }], []);
  findings.kills = part;
  const work = async () => {
    let stuck = 0;
    let slowest = 0;
    await world.upload();
    const seen = await underTraffic(port, async () => {
      for (let i = 1; i <= kills; i++) {
        checkout.configure({ services: subject.changing(i) });
        const after = 0.5 + Math.random() * longest;
        await checkout.killed(after);
        const { code, seconds } = await checkout.tryMake("up");
        if (code !== 0) stuck += 1;
        slowest = Math.max(slowest, seconds);
        say(
          `  killed after ${after.toFixed(1)} s; the next run ended with ${code} after ${seconds.toFixed(1)} s`,
        );
      }
    });
    const seconds = await world.healed();
    return { ...seen, tries: kills, stuck, slowest, seconds, ...(await world.documents()) };
  };
  await each(part, name, work, (killed) => part.seen.push(killed));
}

const checkout = new Checkout(subject.settings);
const world = new World(checkout);
try {
  say("first `make up` …");
  await checkout.make("up");
  if (parts.includes("changes")) await changeUnderTraffic();
  if (parts.includes("releases")) await deployBadRevisions();
  if (parts.includes("faults"))
    await causeFaults("faults", [...killsOf(await checkout.containers()), ...subject.faults]);
  if (parts.includes("machine")) await causeFaults("machine", machineFaults);
  if (parts.includes("kills")) await kill();
} finally {
  say("removing the stack …");
  await checkout.remove();
}
say("wrote docs/measurements/reliability.md");
if (failures.some((reasons) => Object.keys(reasons).length > 0)) process.exitCode = 1;
