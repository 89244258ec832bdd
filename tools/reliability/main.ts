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
import { writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { Checkout } from "../bench/checkout.ts";
import { imagesOfDev } from "../bench/images.ts";
import { attempt, load, run, say, secondsOf } from "../bench/measure.ts";
import { refuse } from "./bad-revisions.ts";
import { observe } from "./changes.ts";
import { kills as killsOf } from "./faults.ts";
import { type Part, readFindings, type Survived, type SystemFindings, writeFindings } from "./findings.ts";
import { interrupt } from "./interruptions.ts";
import { machineFaults } from "./machine-faults.ts";
import { page } from "./page.ts";
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
const date = new Date().toISOString().slice(0, 10);
const commit = (await run(["git", "rev-parse", "--short", "HEAD"], { cwd: projectDir })).output.trim();
const version = (await docker("version", "--format", "{{.Server.Version}}")).trim();
const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
const machine = `${availableParallelism()} cores, ${memory}, Docker Engine ${version}`;

/** The parts of this run. */
const begun: Part<unknown>[] = [];

function begin<T>(planned: readonly string[], seen: T): Part<T> {
  const loads = { loadBefore: load(), loadAfter: load() };
  const part = { date, commit, machine, ...loads, planned, seen, failures: {} };
  begun.push(part);
  return part;
}

/**
 * Runs one case, and writes the page with its result.
 * @param round of a case that runs several times
 */
async function each<T>(
  part: Part<unknown>,
  { name, round = "" }: { readonly name: string; readonly round?: string },
  work: () => Promise<T>,
  keep: (seen: T) => void,
) {
  const reasons: string[] = [];
  const seen = await attempt(`${name}${round}`, reasons, work);
  if (seen !== undefined) keep(seen);
  for (const reason of reasons) part.failures[name] = reason;
  part.loadAfter = load();
  writeFindings(all);
  writeFileSync(join(projectDir, "docs/measurements/reliability.md"), page(all));
}

async function changeUnderTraffic({ checkout }: World): Promise<void> {
  const planned = subject.changes.map(({ name }) => name);
  const part = begin<NonNullable<SystemFindings["changes"]>["seen"]>(planned, {});
  findings.changes = part;
  for (let round = 1; round <= rounds; round++) {
    for (const change of subject.changes) {
      await each(
        part,
        { name: change.name, round: `, ${round} of ${rounds}` },
        () => observe(change, checkout, round),
        (seen) => {
          const { seconds, sent, gap, failures } = seen;
          say(
            `  ${seconds.toFixed(1)} s, ${sent} sent, ${gap.toFixed(2)} s gap, ${JSON.stringify(failures)}`,
          );
          part.seen[change.name] = [...(part.seen[change.name] ?? []), seen];
        },
      );
    }
  }
}

async function deployBadRevisions(world: World): Promise<void> {
  const planned = subject.badRevisions.map(({ name }) => name);
  const part = begin<NonNullable<SystemFindings["releases"]>["seen"]>(planned, []);
  findings.releases = part;
  for (const bad of subject.badRevisions) {
    await each(
      part,
      bad,
      () => refuse(world, bad),
      (refused) => {
        say(`  ${JSON.stringify(refused)}`);
        part.seen.push(refused);
      },
    );
  }
}

async function causeFaults(world: World, part: Part<Survived[]>, all: readonly Fault[]): Promise<void> {
  for (const { name, promise, strike } of all) {
    const survive = async (): Promise<Survived> => {
      await world.upload();
      const told = await strike(world);
      const seconds = await world.healed();
      return { name, promise, seconds, told, ...(await world.documents()) };
    };
    await each(part, { name }, survive, (survived) => {
      const { seconds, found, acknowledged, told } = survived;
      say(`  ${seconds.toFixed(1)} s, ${found} of ${acknowledged} documents; ${told}`);
      part.seen.push(survived);
    });
  }
}

const killing = "kills of `make up`";

async function kill(world: World): Promise<void> {
  const part = begin<NonNullable<SystemFindings["kills"]>["seen"]>([killing], []);
  findings.kills = part;
  const work = async () => {
    await world.upload();
    const interrupted = await interrupt(world, kills, subject.changing);
    return { ...interrupted, seconds: await world.healed(), ...(await world.documents()) };
  };
  await each(part, { name: killing }, work, (killed) => part.seen.push(killed));
}

const names = (faults: readonly Fault[]): string[] => faults.map(({ name }) => name);

const checkout = await Checkout.make(imagesOfDev(), subject.settings);
try {
  say("first `make up` …");
  secondsOf("the first make up", await checkout.make("up"));
  const world = new World(checkout);
  if (parts.includes("changes")) await changeUnderTraffic(world);
  if (parts.includes("releases")) await deployBadRevisions(world);
  if (parts.includes("faults")) {
    const faults = [...killsOf(await checkout.containers()), ...subject.faults];
    findings.faults = begin(names(faults), []);
    await causeFaults(world, findings.faults, faults);
  }
  if (parts.includes("machine")) {
    const faults = machineFaults();
    findings.machine = begin(names(faults), []);
    await causeFaults(world, findings.machine, faults);
  }
  if (parts.includes("kills")) await kill(world);
} finally {
  say("removing the stack …");
  await checkout.remove();
}
say("wrote docs/measurements/reliability.md");
if (begun.some(({ failures }) => Object.keys(failures).length > 0)) process.exitCode = 1;
