import type { Services } from "../bench/checkout.ts";
import { type Seen, underTraffic } from "../traffic.ts";
import type { World } from "./world.ts";

/** A file, and faulty text to append to it. */
type Source = readonly [file: string, text: string];

/** A revision that must fail. */
export interface BadRevision {
  readonly name: string;
  /** Settings of services that do not work. */
  readonly settings?: Services;
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

/**
 * Returns bad revisions that every system has.
 * @param api the service behind the API's routes
 * @param module a Python module that the API imports
 * @param lost settings with which the API cannot find its database
 */
export const badRevisions = (api: string, module: string, lost: Services): BadRevision[] => [
  {
    name: "image that crashes at its start",
    source: [module, '\nraise RuntimeError("this revision is broken")\n'],
    told: /this revision is broken/,
  },
  {
    name: "image that becomes healthy, and whose process ends 20 s after its start (`soak: 40s`)",
    settings: { [api]: { soak: "40s" } },
    source: [module, "\nimport os\nimport threading\n\nthreading.Timer(20, os._exit, [1]).start()\n"],
    told: /The new revision failed its soak/,
  },
  {
    name: "setting with which the API never becomes healthy",
    settings: lost,
    told: /failed to resolve host 'nowhere'/,
  },
];

/** Returns the bad revision whose API starts and fails its health check. */
export const silent = (source: Source, told: RegExp): BadRevision => ({
  name: "image whose API answers every request with an error",
  source,
  told,
});

/**
 * Deploys a bad revision twice under traffic, then rolls back.
 * @throws if `make up` succeeds or gives no reason
 */
export async function refuse({ checkout }: World, bad: BadRevision): Promise<Refused> {
  const { name, settings, source } = bad;
  const seconds: number[] = [];
  let told = "";
  let rollbackSeconds = 0;
  try {
    const seen = await underTraffic(checkout.target, async () => {
      if (settings) checkout.configure({ services: settings });
      if (source) checkout.edit(source[0], (text) => text + source[1]);
      for (const _ of ["first", "again"]) {
        const up = await checkout.tryMake("up");
        if (up.code === 0) throw new Error(`${name}: make up succeeded`);
        told = bad.told.exec(up.output)?.[0] ?? "";
        if (!told) throw new Error(`${name}: make up gave no reason:\n${up.output.slice(-1500)}`);
        seconds.push(up.seconds);
      }
      rollbackSeconds = (await checkout.make("rollback")).seconds;
    });
    return { ...seen, name, seconds, told, rollbackSeconds };
  } finally {
    if (source) checkout.restore(source[0]);
    checkout.configure({});
  }
}
