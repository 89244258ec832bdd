import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fill } from "../../config/spec/content.ts";
import { nameOn } from "../../config/spec/networks.ts";
import { isLongRunning, type ServiceSpec } from "../../config/spec/service.ts";
import { docker } from "../../host/docker.ts";
import { standIn, TestContainer, uniqueName } from "./docker.ts";

/**
 * Runs services of a system as single containers, with their own commands, files and environment.
 * The files contain values of this test instead of secrets. Nothing is restarted or checked.
 */
export class ServiceContainers {
  readonly network = uniqueName("network");
  readonly #folder = mkdtempSync(join(tmpdir(), "ragdock-services-"));
  readonly #names: string[] = [];

  async begin(): Promise<void> {
    await docker("network", "create", "--internal", this.network);
  }

  async end(): Promise<void> {
    for (const name of this.#names) await docker("rm", "-fv", name).catch(() => {});
    await docker("network", "rm", this.network);
    rmSync(this.#folder, { recursive: true });
  }

  /**
   * Starts a service. Waits for a job's end.
   * @param secrets by name
   * @param volume instead of the service's first volume
   */
  async start(
    spec: ServiceSpec,
    secrets: Readonly<Record<string, string>>,
    volume?: string,
  ): Promise<TestContainer> {
    const name = uniqueName(spec.name);
    this.#names.push(name);
    const options = Object.entries({
      name: [name],
      network: [this.network],
      "network-alias": [spec.name, ...spec.networks.map((network) => nameOn(network, spec.name))],
      user: spec.user ? [spec.user] : [],
      entrypoint: spec.entrypoint?.slice(0, 1) ?? [],
      env: Object.entries(spec.environment).map(([key, value]) => `${key}=${value}`),
      volume: [
        ...(volume ? [`${volume}:${spec.volumes[0]?.path}`] : []),
        ...spec.files.map(({ path, content }) => {
          const secret = (one: { readonly name: string }) => secrets[one.name] ?? one.name;
          const file = join(this.#folder, name, path);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, fill(content, { secret, revision: (service) => service }));
          return `${file}:${path}:ro`;
        }),
      ],
    }).flatMap(([flag, values]) => values.flatMap((value) => [`--${flag}`, value]));
    if (spec.image.from !== "catalogue") throw new Error(`${spec.name} has no stand-in`);
    const image = await standIn(spec.image.image.name);
    const command = [...(spec.entrypoint?.slice(1) ?? []), ...(spec.command ?? [])];
    if (isLongRunning(spec)) await docker("run", "-d", ...options, image, ...command);
    else await docker("run", ...options, image, ...command);
    return new TestContainer(name);
  }
}
