import { type Seen, underTraffic } from "../traffic.ts";
import type { World } from "./world.ts";

/** What is added to which file. */
interface Source {
  readonly file: string;
  readonly text: string;
}

/** A release that is no good. */
export interface BadRelease {
  readonly name: string;
  /** Settings of services, or a source that does not work. */
  readonly settings?: Record<string, unknown>;
  readonly source?: Source;
  /** What the user has to be told, somewhere in the output. */
  readonly told: RegExp;
}

/** What came of it. */
export interface Refused extends Seen {
  readonly name: string;
  /** Of the failing `make up` and of the next one with the same release. */
  readonly seconds: readonly number[];
  readonly told: string;
  readonly rollbackSeconds: number;
}

/** How the same bad releases are made of different systems. */
interface Spoiled {
  /** The service that answers users. */
  readonly api: string;
  /** A module that the API cannot do without. */
  readonly broken: string;
  /** What is added to which file so that the API starts, and answers its probe with an error; what the probe says then. */
  readonly silent: Source & Pick<BadRelease, "told">;
  /** Settings of services with which the API never gets healthy. */
  readonly settings: Record<string, unknown>;
  /** Settings of services with which the migration fails, where it is a job of its own. */
  readonly migration?: Record<string, unknown>;
}

/** From one that ends at once to one that has done its harm in the database. */
export const badReleases = ({ api, broken, silent, settings, migration }: Spoiled): BadRelease[] => [
  {
    name: "an image that crashes at once",
    source: { file: broken, text: '\nraise RuntimeError("this release is broken")\n' },
    told: /this release is broken/,
  },
  {
    name: "an image that gets healthy, and ends 20 s after its start (`soak: 40s`)",
    settings: { [api]: { soak: "40s" } },
    source: {
      file: broken,
      text: "\nimport os\nimport threading\n\nthreading.Timer(20, os._exit, [1]).start()\n",
    },
    told: /was healthy, but did not answer three times in a row/,
  },
  {
    name: "a setting with which the API never gets healthy",
    settings,
    told: /failed to resolve host 'nowhere'/,
  },
  {
    name: "an image whose API answers every request with an error",
    source: silent,
    told: silent.told,
  },
  ...(migration
    ? [
        {
          name: "a migration that fails",
          settings: migration,
          told: /The job "migrate" ended with exit code \d+/,
        },
      ]
    : []),
];

/** Brings a bad release up twice under load, and takes it back. */
export async function release({ checkout }: World, bad: BadRelease): Promise<Refused> {
  const seconds: number[] = [];
  let told = "";
  let rollbackSeconds = 0;
  try {
    const seen = await underTraffic(checkout.port, async () => {
      if (bad.settings) checkout.configure({ services: bad.settings });
      if (bad.source) checkout.append(bad.source.file, bad.source.text);
      for (const _ of ["first", "again"]) {
        const up = await checkout.make("up");
        if (up.code === 0) throw new Error(`${bad.name}: make up ended well`);
        told = bad.told.exec(up.output)?.[0] ?? "";
        if (!told) throw new Error(`${bad.name}: not told why:\n${up.output.slice(-1500)}`);
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
