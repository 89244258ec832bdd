import { attempt, load, runFacts, say } from "../bench/measure.ts";
import { writePage } from "../markdown.ts";
import { type Findings, type Part, readFindings, type SystemFindings, writeFindings } from "./findings.ts";
import { reliabilityParts } from "./page.ts";

type RunFacts = Awaited<ReturnType<typeof runFacts>>;

/** Writes the results of one system to docs/measurements/reliability.md, after each case. */
export class Recorder {
  readonly #facts: RunFacts;
  readonly #all = readFindings();
  readonly #findings: SystemFindings;
  /** The parts of this run. */
  readonly #begun: Part<unknown>[] = [];

  private constructor(name: keyof Findings, facts: RunFacts) {
    this.#facts = facts;
    this.#findings = { ...this.#all[name] };
    this.#all[name] = this.#findings;
  }

  static async of(name: keyof Findings): Promise<Recorder> {
    return new Recorder(name, await runFacts());
  }

  /** Runs the cases of a part, and writes the page with the result of each. */
  readonly runs = async <C extends { readonly name: string }>(
    key: keyof SystemFindings,
    cases: readonly C[],
    work: (one: C, round: number) => Promise<object>,
    rounds = 1,
  ): Promise<void> => {
    const { date, commit, cores, memory, docker } = this.#facts;
    const machine = `${cores} cores, ${memory}, Docker Engine ${docker}`;
    const planned = cases.map(({ name }) => name);
    const results: Record<string, object[]> = {};
    const loads = { loadBefore: load(), loadAfter: load() };
    const part: Part<unknown> = { date, commit, machine, ...loads, planned, seen: results, failures: {} };
    this.#begun.push(part);
    Object.assign(this.#findings, { [key]: part });
    for (let round = 1; round <= rounds; round++) {
      for (const one of cases) {
        const reasons: string[] = [];
        const what = rounds === 1 ? one.name : `${one.name}, ${round} of ${rounds}`;
        const result = await attempt(what, reasons, () => work(one, round));
        if (result) {
          say(`  ${JSON.stringify(result)}`);
          results[one.name] = [...(results[one.name] ?? []), result];
        }
        for (const reason of reasons) part.failures[one.name] = reason;
        part.seen = key === "changes" ? results : Object.values(results).flat();
        part.loadAfter = load();
        writeFindings(this.#all);
        writePage("docs/measurements/reliability.md", reliabilityParts(this.#all));
      }
    }
  };

  /** Whether a case of this run failed. */
  hasFailed(): boolean {
    return this.#begun.some(({ failures }) => Object.keys(failures).length > 0);
  }
}
