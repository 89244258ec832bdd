import { elapsed } from "../../cli/ui/text.ts";
import { docker, serviceOf } from "../../host/docker.ts";
import type { Fault, World } from "./world.ts";

/**
 * The services that record times or read them. Redis is not included: it records no times here, and
 * it does not start with libfaketime.
 */
const services = ["postgres", "api", "worker"];

/** The file in which the containers look up the offset of their clock. */
const offsetFile = "/tmp/clock";

/**
 * Build instructions that add libfaketime, which replaces the C library's clock. The monotonic
 * clock does not change, as when a machine's clock is set. Without the file, libfaketime changes
 * nothing.
 */
const withClock = (user: string): string => `
USER root
RUN apt-get update && apt-get install -y --no-install-recommends libfaketime && rm -rf /var/lib/apt/lists/* \\
 && ln -s "$(find /usr/lib -name libfaketimeMT.so.1)" /usr/local/lib/clock.so
ENV LD_PRELOAD=/usr/local/lib/clock.so FAKETIME_TIMESTAMP_FILE=${offsetFile} FAKETIME_NO_CACHE=1 \\
    FAKETIME_DONT_FAKE_MONOTONIC=1 NO_FAKE_STAT=1 FAKETIME_DISABLE_SHM=1
USER ${user}
`;

const images = { "dockerfiles/postgres/Dockerfile": "root", "dockerfiles/app/Dockerfile": "10001:10001" };

/** Sets the clock one hour ahead and back again while the stack works. */
export const clockJumps: Fault = {
  name: "clock one hour ahead and back",
  promise: "Uploads, ingestion and answers continue to work. Records with a wrong time cause no delay.",
  strike: async (world) => {
    const { checkout } = world;
    if (checkout.images !== "packages")
      throw new Error("this fault needs `images: packages`, because it adds libfaketime to the images");
    for (const [file, user] of Object.entries(images)) checkout.edit(file, (text) => text + withClock(user));
    await checkout.make("up");
    try {
      await jump(world, "+1h");
      const ahead = await works(world);
      await jump(world, "+0");
      return `ahead: ${ahead}; back: ${await works(world)}`;
    } finally {
      for (const file of Object.keys(images)) checkout.restore(file);
      await checkout.make("up");
    }
  },
};

/** Sets the clocks while a document is queued. */
async function jump(world: World, offset: string): Promise<void> {
  const all = (await world.checkout.containers()).filter((c) => services.includes(serviceOf(c)));
  const { workers = [], others = [] } = Object.groupBy(all, (c) =>
    serviceOf(c) === "worker" ? "workers" : "others",
  );
  const file = `${offsetFile}.new`;
  const set = `echo '${offset}' > ${file} && chmod 644 ${file} && mv ${file} ${offsetFile}`;
  const setIn = (containers: typeof all): Promise<unknown> =>
    Promise.all(containers.map(({ Id }) => docker("exec", "--user", "0", Id, "sh", "-c", set)));
  await docker("pause", ...workers.map(({ Id }) => Id));
  await world.upload();
  await setIn(others);
  await docker("unpause", ...workers.map(({ Id }) => Id));
  await setIn(workers);
}

/** Uploads a document, waits until it is ready, and asks a question. Returns the results. */
async function works(world: World): Promise<string> {
  const begun = performance.now();
  await world.upload();
  const { acknowledged, found } = await world.documents();
  if (found < acknowledged) throw new Error(`only ${found} of ${acknowledged} documents became ready`);
  const seconds = (performance.now() - begun) / 1000;
  return `a document ready after ${elapsed(seconds)}, a question ${await world.ask()}, ${await ahead(world)} ahead`;
}

/** Returns the offset of the database's clock, which proves that the fault works. */
async function ahead({ checkout }: World): Promise<string> {
  const { Id } = await checkout.container("postgres");
  const sql = "SELECT extract(epoch FROM clock_timestamp())";
  const now = await docker("exec", Id, "psql", "-qXAt", "-U", "rag", "-d", "rag", "-c", sql);
  return elapsed(Math.max(0, Number(now) - Date.now() / 1000));
}
