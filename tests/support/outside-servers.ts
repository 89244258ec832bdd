/** Servers outside of any stack, on an address of the Docker host, with certificates of an own authority. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { docker } from "../../host/docker.ts";
import { standIn, TestContainer } from "./docker.ts";

/** A network with the servers. Their ports are published on its gateway. */
export class OutsideServers {
  /** The address of the Docker host under which stacks reach the servers. */
  address = "";
  readonly #name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), "ragdock-outside-"));
  readonly #servers = new Set<string>();

  constructor(name: string) {
    this.#name = name;
  }

  async begin(): Promise<void> {
    await docker("network", "create", this.#name);
    const gateway = "{{(index .IPAM.Config 0).Gateway}}";
    this.address = (await docker("network", "inspect", "-f", gateway, this.#name)).trim();
    await this.authority("authority");
    await this.#certificate("authority");
  }

  async end(): Promise<void> {
    for (const name of this.#servers) await docker("rm", "-fv", name);
    await docker("network", "rm", this.#name);
    rmSync(this.#folder, { recursive: true });
  }

  /** Makes an authority. Returns its certificate. */
  async authority(name: string): Promise<string> {
    // Python refuses an authority without these, although OpenSSL's own programs do not.
    const usage = ["-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    const files = ["-keyout", `${name}.key`, "-out", `${name}.pem`];
    await this.#openssl(
      "req",
      "-x509",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
      ...usage,
      ...files,
    );
    return readFileSync(join(this.#folder, `${name}.pem`), "utf8");
  }

  /** The certificate of the authority that the servers have theirs from. */
  get trusted(): string {
    return readFileSync(join(this.#folder, "authority.pem"), "utf8");
  }

  /** Makes the certificate of the servers, for their address. */
  async #certificate(by: string): Promise<void> {
    writeFileSync(
      join(this.#folder, "names"),
      `subjectAltName=IP:${this.address}\nauthorityKeyIdentifier=keyid\n`,
    );
    await this.#openssl(
      "req",
      "-newkey",
      "rsa:2048",
      "-nodes",
      "-subj",
      "/CN=server",
      "-keyout",
      "server.key",
      "-out",
      "server.csr",
    );
    const authority = ["-CA", `${by}.pem`, "-CAkey", `${by}.key`, "-CAcreateserial", "-days", "2"];
    await this.#openssl(
      "x509",
      "-req",
      "-in",
      "server.csr",
      "-out",
      "server.pem",
      "-extfile",
      "names",
      ...authority,
    );
    await execa("chmod", ["-R", "a+rX", this.#folder]);
  }

  async #openssl(...args: string[]): Promise<void> {
    await execa("openssl", args, { cwd: this.#folder });
  }

  /**
   * Starts a server. Its certificate and key are in /tls.
   * @param image of the catalogue
   * @param port inside, and on the Docker host
   */
  async start(
    image: string,
    [inside, host]: readonly [number, number],
    {
      options = [],
      command = [],
    }: { readonly options?: readonly string[]; readonly command?: readonly string[] },
  ): Promise<TestContainer> {
    const name = `${this.#name}-${image}`;
    const network = ["--network", this.#name, "-p", `${this.address}:${host}:${inside}`];
    const tag = await standIn(image);
    this.#servers.add(name);
    await docker(
      "run",
      "-d",
      "--name",
      name,
      ...network,
      "-v",
      `${this.#folder}:/tls:ro`,
      ...options,
      tag,
      ...command,
    );
    return new TestContainer(name);
  }
}
