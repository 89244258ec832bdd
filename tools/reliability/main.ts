/**
 * Breaks things on purpose and writes docs/measurements/reliability.md: `make reliability`, about two hours.
 * `SYSTEM=myrag` tries that system in place of `full`. `ROUNDS=10` sets how often each change is made, `KILLS=20` how often
 * `make up` is killed, and `ONLY=changes,releases,faults,kills` chooses parts; the page keeps what it has of the others. One
 * part is left out unless chosen: `machine` restarts the engine, with whatever else runs on it, and fills a disk of its own.
 * Needs root, for it kills processes of containers from outside.
 * Works on a stack, a state and a copy of the last commit of its own, and takes them away at the end.
 */
import { writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join } from "node:path";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { Checkout } from "../bench/checkout.ts";
import { imagesOfDev } from "../bench/images.ts";
import { attempt, load, run, say, secondsOf } from "../bench/measure.ts";
import { release } from "./bad-releases.ts";
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
if (!subject) throw new Error(`SYSTEM is ${name}; one of ${Object.keys(subjects).join(", ")} can be tried`);

const all = readFindings();
const findings: SystemFindings = { ...all[name] };
all[name] = findings;
const date = new Date().toISOString().slice(0, 10);
const commit = (await run(["git", "rev-parse", "--short", "HEAD"], { cwd: projectDir })).output.trim();
const engine = (await docker("version", "--format", "{{.Server.Version}}")).trim();
const memory = `${(totalmem() / 2 ** 30).toFixed(0)} GiB`;
const machine = `${availableParallelism()} cores, ${memory}, Docker Engine ${engine}`;

/** The parts of this run. */
const begun: Part<unknown>[] = [];

function begin<T>(planned: readonly string[], seen: T): Part<T> {
  const loads = { loadBefore: load(), loadAfter: load() };
  const part = { date, commit, machine, ...loads, planned, seen, failures: {} };
  begun.push(part);
  return part;
}

/** Tries one case, and writes the page with its result. @param round of a case that is tried several times */
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

async function changeUnderLoad({ checkout }: World): Promise<void> {
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

async function releaseBadly(world: World): Promise<void> {
  const planned = subject.badReleases.map(({ name }) => name);
  const part = begin<NonNullable<SystemFindings["releases"]>["seen"]>(planned, []);
  findings.releases = part;
  for (const bad of subject.badReleases) {
    await each(
      part,
      bad,
      () => release(world, bad),
      (refused) => {
        say(`  ${JSON.stringify(refused)}`);
        part.seen.push(refused);
      },
    );
  }
}

async function breakThings(world: World, part: Part<Survived[]>, all: readonly Fault[]): Promise<void> {
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

const killing = "killing make up";

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
  if (parts.includes("changes")) await changeUnderLoad(world);
  if (parts.includes("releases")) await releaseBadly(world);
  if (parts.includes("faults")) {
    const faults = [...killsOf(await checkout.containers()), ...subject.faults];
    findings.faults = begin(names(faults), []);
    await breakThings(world, findings.faults, faults);
  }
  if (parts.includes("machine")) {
    const faults = machineFaults();
    findings.machine = begin(names(faults), []);
    await breakThings(world, findings.machine, faults);
  }
  if (parts.includes("kills")) await kill(world);
} finally {
  say("taking the stack away …");
  await checkout.remove();
}
say("wrote docs/measurements/reliability.md");
if (begun.some(({ failures }) => Object.keys(failures).length > 0)) process.exitCode = 1;
