/** An ingress with TLS, and the stack's own program for certificates. */
import { readFileSync } from "node:fs";
import { certificatesVolume } from "../../config/services/certificates.ts";
import { pythonImage } from "../../config/services/python.ts";
import { docker } from "../../host/docker.ts";
import { standIn, type TestContainer, uniqueName } from "./docker.ts";
import { Front } from "./front.ts";
import { buildFrontDoor } from "./front-door-image.ts";
import { open, serviceOf, systemWith } from "./program.ts";

const stack = (ingress: object) => ({ environment: "prod", ingress: { ...open, ...ingress } });

export class TlsFront extends Front {
  private readonly volumes: string[] = [];
  private frontDoor = "";

  override async open(): Promise<void> {
    this.frontDoor = await buildFrontDoor();
    await super.open();
  }

  override async close(): Promise<void> {
    await super.close();
    for (const volume of this.volumes) await docker("volume", "rm", "-f", volume);
  }

  /** Starts servers in place of API and UI, which answer with what they got. */
  async startUpstreams(): Promise<void> {
    const script = this.mounted("/upstream.py", readFileSync("tests/images/tls/upstream.py", "utf8"));
    const python = await standIn(pythonImage.image.name);
    for (const alias of ["api", "ui"]) await this.run(alias, python, script, ["python3", "/upstream.py"]);
  }

  async newVolume(): Promise<string> {
    const volume = uniqueName("certificates");
    this.volumes.push(volume);
    await docker("volume", "create", volume);
    return volume;
  }

  /** Starts the program for certificates, and waits until it is healthy. */
  async startCertificates(
    ingress: object,
    volume: string,
    variables: Record<string, string> = {},
    options: readonly string[] = [],
  ): Promise<TestContainer> {
    const spec = serviceOf(systemWith(stack(ingress)), "certificates");
    const environment = { ...spec.environment, ...variables };
    const container = await this.run(
      "certificates",
      this.frontDoor,
      [
        ...["--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--user", spec.user ?? ""],
        ...["-v", `${volume}:${certificatesVolume.path}`],
        ...["--memory", "128m"],
        ...Object.entries(environment).flatMap(([key, value]) => ["-e", `${key}=${value}`]),
        ...options,
      ],
      spec.command,
    );
    await container.healthy(spec.healthcheck.test.slice(1), 60);
    return container;
  }

  /** Starts an ingress under an alias and the names of its domains. Returns its address. */
  async startIngress(
    ingress: object,
    volume: string,
    alias: string,
    names: readonly string[] = [],
  ): Promise<string> {
    const container = await this.startOf("ingress", stack(ingress), alias, [
      ...["-v", `${volume}:${certificatesVolume.path}:ro`],
      ...names.flatMap((name) => ["--network-alias", name]),
    ]);
    return this.addressOf(container);
  }
}
