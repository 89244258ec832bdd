import { type Seen, underTraffic } from "../traffic.ts";
import type { World } from "./world.ts";

/** Text that a bad revision adds to a file. */
interface Source {
  readonly file: string;
  readonly text: string;
}

/** A revision that must fail. */
export interface BadRevision {
  readonly name: string;
  /** Settings of services that do not work. */
  readonly settings?: Record<string, unknown>;
  /** Source code that does not work. */
  readonly source?: Source;
  /** Matches the reason that the output must contain. */
  readonly told: RegExp;
}

/** The result of a bad revision. */
export interface Refused extends Seen {
  readonly name: string;
  /** Seconds of the failing `make up`, and of the next one with the same revision. */
  readonly seconds: readonly number[];
  readonly told: string;
  readonly rollbackSeconds: number;
}

/** The parts of a system that bad revisions change. */
interface Parts {
  /** The service behind the API's routes. */
  readonly api: string;
  /** A module that the API imports. */
  readonly broken: string;
  /**
   * Source code with which the API starts and fails its health check, and the output of that health
   * check.
   */
  readonly silent: Source & Pick<BadRevision, "told">;
  /** Settings with which the API never becomes healthy. */
  readonly settings: Record<string, unknown>;
  /** Settings with which the migration fails, if it is a separate job. */
  readonly migration?: Record<string, unknown>;
}

/**
 * Returns the bad revisions of a system, from one that crashes at its start to one that fails in
 * the database.
 */
export const badRevisions = ({ api, broken, silent, settings, migration }: Parts): BadRevision[] => [
  {
    name: "image that crashes at its start",
    source: { file: broken, text: '\nraise RuntimeError("this revision is broken")\n' },
    told: /this revision is broken/,
  },
  {
    name: "image that becomes healthy and ends 20 s after its start (`soak: 40s`)",
    settings: { [api]: { soak: "40s" } },
    source: {
      file: broken,
      text: "\nimport os\nimport threading\n\nthreading.Timer(20, os._exit, [1]).start()\n",
    },
    told: /was healthy, but did not answer three times in a row/,
  },
  {
    name: "setting with which the API never becomes healthy",
    settings,
    told: /failed to resolve host 'nowhere'/,
  },
  {
    name: "image whose API answers every request with an error",
    source: silent,
    told: silent.told,
  },
  ...(migration
    ? [
        {
          name: "migration that fails",
          settings: migration,
          told: /The job "migrate" ended with exit code \d+/,
        },
      ]
    : []),
];

/**
 * Deploys a bad revision twice under traffic, then rolls back.
 * @throws if `make up` succeeds or gives no reason
 */
export async function refuse({ checkout }: World, bad: BadRevision): Promise<Refused> {
  const seconds: number[] = [];
  let told = "";
  let rollbackSeconds = 0;
  try {
    const seen = await underTraffic(checkout.port, async () => {
      if (bad.settings) checkout.configure({ services: bad.settings });
      if (bad.source) checkout.append(bad.source.file, bad.source.text);
      for (const _ of ["first", "again"]) {
        const up = await checkout.make("up");
        if (up.code === 0) throw new Error(`${bad.name}: make up succeeded`);
        told = bad.told.exec(up.output)?.[0] ?? "";
        if (!told) throw new Error(`${bad.name}: make up gave no reason:\n${up.output.slice(-1500)}`);
        seconds.push(up.seconds);
      }
      const back = await checkout.make("rollback");
      if (back.code !== 0) throw new Error(`${bad.name}: rollback: ${back.output.slice(-1500)}`);
      rollbackSeconds = back.seconds;
    });
    return { ...seen, name: bad.name, seconds, told, rollbackSeconds };
  } finally {
    if (bad.source) checkout.restore(bad.source.file);
    checkout.configure({});
  }
}
