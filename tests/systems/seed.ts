import { it } from "vitest";
import type { SystemName } from "../../config/systems/index.ts";
import { differencesOf } from "../../tools/docs/seeds/row.ts";
import { eventually } from "../../tools/eventually.ts";
import { uniqueName } from "../support/docker.ts";
import { docker, type Ran, type Started, type TestStack } from "../support/stack.ts";

/** A running stack of a seed's system. Its port on the host differs from the seed's. */
export interface Seeded {
  readonly stack: TestStack;
  readonly environment: "dev" | "prod";
  readonly port: number;
}

/**
 * Returns a function that defines the test of one step of a seed. The name of the test is the step as
 * the seed has it. A step in another form names the differences that the system declares, by their
 * first words.
 */
export const stepsOf =
  (system: SystemName) =>
  (original: string, test: () => unknown, ...differs: readonly string[]): void => {
    for (const start of differs)
      if (!differencesOf(system).some((text) => text.startsWith(start)))
        throw new Error(`${original}: ${system} declares nothing that starts with "${start}"`);
    it(original, async () => {
      await test();
    });
  };

/** Waits until a command that does not end has written something, ends it, and returns its output. */
export async function untilItWrites({ child, output }: Started, wanted: RegExp): Promise<string> {
  try {
    return await eventually(async () => (wanted.test(output()) ? output() : undefined), 30);
  } finally {
    child.kill();
  }
}

/**
 * A pattern of the names of a service's containers, without the project. With several replicas, the
 * name has the number of the replica.
 */
export const containerOf = (stack: TestStack, service: string): string =>
  `${stack.name}-${service}(?:-\\d+)?-[0-9a-f]{7}`;

/** Waits until `logs` shows lines of these services. */
export const logsOf = (stack: TestStack, started: Started, ...services: string[]): Promise<string> =>
  untilItWrites(
    started,
    new RegExp(services.map((service) => `(?=[^]*^${containerOf(stack, service)} \\| .)`).join(""), "m"),
  );

/** Runs a target of the Makefile to its end. */
export const make = (stack: TestStack, name: string, variables: string[] = [], input = ""): Promise<Ran> =>
  stack.target(name, variables, input).ended;

/** Python that prints the status and the body of a URL, as `curl` does. */
export const curl = (url: string): string[] => [
  "python3",
  "-c",
  `import urllib.request as u; answer = u.urlopen("${url}", timeout=5); print(answer.status, answer.read().decode())`,
];

/** Returns the image of a running service, for a plain `docker run`. */
export const imageIdOf = async (stack: TestStack, service: string): Promise<string> =>
  (await docker("inspect", "--format", "{{.Image}}", await stack.container(service))).trim();

/** Runs an image with plain `docker run -d` while `use` runs, which gets the name of the container. */
export async function whileRunning(
  image: string,
  options: readonly string[],
  command: readonly string[],
  use: (name: string) => Promise<void>,
): Promise<void> {
  const name = uniqueName("seed");
  try {
    await docker("run", "-d", "--name", name, ...options, image, ...command);
    await use(name);
  } finally {
    await docker("rm", "-fv", name);
  }
}
