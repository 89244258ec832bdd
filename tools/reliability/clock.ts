import { elapsed } from "../../cli/ui/text.ts";
import { docker, serviceOf } from "../../host/docker.ts";
import { secondsOf } from "../bench/measure.ts";
import type { Fault, World } from "./world.ts";

/** What notes times, and what reads them. Redis keeps none here, and does not start with another clock under it. */
const services = ["postgres", "api", "worker"];

/** Where the containers that are tried look up how far their clock is off. */
const offsetFile = "/tmp/clock";

/**
 * libfaketime stands between programs and the C library's clock. The monotonic clock stays as it is, as it does when a
 * machine's clock is set. Without the file it changes nothing.
 */
const withClock = (user: string): string => `
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libfaketime && rm -rf /var/lib/apt/lists/* \\
 && ln -s "$(find /usr/lib -name libfaketimeMT.so.1)" /usr/local/lib/clock.so
ENV LD_PRELOAD=/usr/local/lib/clock.so FAKETIME_TIMESTAMP_FILE=${offsetFile} FAKETIME_NO_CACHE=1 \\
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1
USER ${user}
`;

const images: Readonly<Record<string, string>> = {
  "dockerfiles/postgres/Dockerfile": "root",
  "dockerfiles/app/Dockerfile": "10001:10001",
};

/** The clock set an hour ahead while the stack works, and back again. */
export const clockJumps = (): Fault => ({
  name: "the clock an hour ahead, and back again",
  promise: "uploads, ingestion and answers go on; what was noted at the wrong time holds nothing up",
  strike: async (world) => {
    const { checkout } = world;
    if (checkout.images !== "packages")
      throw new Error("only images that are built here can be given a clock");
    const up = async (): Promise<void> => void secondsOf("make up", await checkout.make("up"));
    for (const [file, user] of Object.entries(images)) checkout.append(file, withClock(user));
    await up();
    try {
      const told: string[] = [];
      for (const [when, offset] of [
        ["ahead", "+1h"],
        ["back", "+0"],
      ] as const) {
        await jump(world, offset);
        told.push(`${when}: ${await works(world)}`);
      }
      return told.join("; ");
    } finally {
      for (const file of Object.keys(images)) checkout.restore(file);
      await up();
    }
  },
});

/** Sets the clocks while a document waits. */
async function jump(world: World, offset: string): Promise<void> {
  const containers = (await world.checkout.containers()).filter((c) => services.includes(serviceOf(c)));
  const [workers, others] = [true, false].map((is) =>
    containers.filter((c) => (serviceOf(c) === "worker") === is).map(({ Id }) => Id),
  ) as [string[], string[]];
  const file = `${offsetFile}.new`;
  const set = `echo '${offset}' > ${file} && chmod 644 ${file} && mv ${file} ${offsetFile}`;
  const setIn = (ids: readonly string[]): Promise<unknown> =>
    Promise.all(ids.map((id) => docker("exec", "--user", "0", id, "sh", "-c", set)));
  await docker("pause", ...workers);
  await world.upload();
  await setIn(others);
  await docker("unpause", ...workers);
  await setIn(workers);
}

/** A document from its upload to its place among the answers, and what PostgreSQL takes for the time meanwhile. */
async function works(world: World): Promise<string> {
  const begun = performance.now();
  await world.upload();
  const { acknowledged, found } = await world.documents();
  if (found < acknowledged) throw new Error(`only ${found} of ${acknowledged} documents got ready`);
  const seconds = (performance.now() - begun) / 1000;
  const asked = await fetch(`http://127.0.0.1:${world.checkout.port}/api/query`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ question: "What does crate 1 hold?", k: 1 }),
  });
  return `a document ready after ${elapsed(seconds)}, a question ${asked.status}, ${await ahead(world)} ahead`;
}

/** How far the database's clock is off, to see that it is. */
async function ahead({ checkout }: World): Promise<string> {
  const store = (await checkout.containers()).find((c) => serviceOf(c) === "postgres");
  const sql = "SELECT extract(epoch FROM clock_timestamp())";
  const now = await docker("exec", store?.Id ?? "", "psql", "-qXAt", "-U", "rag", "-d", "rag", "-c", sql);
  return elapsed(Math.max(0, Number(now) - Date.now() / 1000));
}
