/**
 * An ingress and a gateway of `full` as containers, and a small nginx that stands in for the
 * services behind them.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { shown } from "../../config/spec/content.ts";
import type { FileSpec } from "../../config/spec/service.ts";
import { mebibytes } from "../../config/spec/units.ts";
import { docker } from "../../host/docker.ts";
import { imageNamed, restrictions, standIn, TestContainer, uniqueName } from "./docker.ts";
import { serviceOf, systemWith } from "./program.ts";

const seen = '{"for":"$http_x_forwarded_for","real":"$http_x_real_ip","forwarded":"$http_forwarded"}';

/**
 * The configuration of an nginx that listens on the ports of API and UI. It writes only below /tmp.
 */
export const standInFor = (locations: string): string => `
worker_rlimit_nofile 10000;
pid /tmp/nginx.pid;
events { worker_connections 4096; }
http {
  access_log off;
  client_max_body_size 0;
${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `  ${name}_temp_path /tmp/${name};\n`).join("")}
  server {
    listen 8000;
    listen 8501;
    ${locations}
  }
}`;

/** It answers with the headers that it got. */
const echo = standInFor(`
    location / { return 200 '${seen}'; }
    location /api/broken { return 444; }
    location /api/own { add_header Content-Security-Policy "default-src https:"; return 200; }`);

/** A network with nginx containers that run the files of services. */
export class Front {
  readonly network: string;
  readonly running: TestContainer[] = [];
  private readonly folder: string;

  constructor(name: string) {
    this.network = uniqueName(name);
    this.folder = mkdtempSync(join(tmpdir(), "ragdock-front-"));
  }

  async open(): Promise<void> {
    await docker("network", "create", this.network);
  }

  /** Starts an nginx under an alias, with these files. */
  async start(
    alias: string,
    files: readonly FileSpec[],
    command: readonly string[],
    options: readonly string[] = [],
  ): Promise<TestContainer> {
    const limits = restrictions(imageNamed("nginx"));
    const mounts = files.flatMap(({ path, content }) => this.mounted(path, shown(content)));
    return this.run(alias, await standIn("nginx"), [...limits, ...mounts, ...options], command);
  }

  /** Starts a container of any image under an alias. */
  async run(
    alias: string,
    image: string,
    options: readonly string[],
    command: readonly string[] = [],
  ): Promise<TestContainer> {
    const name = uniqueName(alias);
    const where = ["--network", this.network, "--network-alias", alias];
    await docker("run", "-d", "--name", name, ...where, ...options, image, ...command);
    const container = new TestContainer(name);
    this.running.push(container);
    return container;
  }

  /** Writes a file. Returns the options that put it into a container, at a path. */
  mounted(path: string, text: string): string[] {
    const file = join(this.folder, uniqueName("file"), path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return ["-v", `${file}:${path}:ro`];
  }

  /** Starts the servers that stand in for API and UI. */
  async startEchoes(): Promise<void> {
    const files = [{ path: "/etc/nginx/nginx.conf", content: echo }];
    for (const alias of ["api", "ui"]) await this.start(alias, files, []);
  }

  /** Starts the gateway or the ingress of `full` with these settings. */
  async startOf(
    name: "gateway" | "ingress",
    settings = {},
    alias: string = name,
    options: readonly string[] = [],
  ): Promise<TestContainer> {
    const spec = serviceOf(systemWith(settings), name);
    const memory = ["--memory", `${mebibytes(spec.limits.memory)}m`];
    const container = await this.start(alias, spec.files, spec.command ?? [], [...memory, ...options]);
    await container.healthy(spec.healthcheck.test.slice(1));
    return container;
  }

  async addressOf({ name }: TestContainer): Promise<string> {
    const format = `{{(index .NetworkSettings.Networks "${this.network}").IPAddress}}`;
    return (await docker("inspect", "--format", format, name)).trim();
  }

  async close(): Promise<void> {
    await docker("rm", "-fv", ...this.running.map(({ name }) => name));
    await docker("network", "rm", this.network);
    rmSync(this.folder, { recursive: true });
  }
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
}

export interface Sent {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

/** Sends a request to port 8080 of an address. */
export function sendTo(
  host: string,
  path: string,
  { method = "GET", headers = {}, body }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host, port: 8080, path, method, headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => {
        text += part;
      });
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    sent.setTimeout(60_000, () => sent.destroy(new Error("no answer within 60 s")));
    sent.on("error", reject).end(body);
  });
}

/**
 * Sends text unchanged to port 8080 of an address. Returns everything that is received within 5 s.
 */
export function raw(host: string, text: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(8080, host, () => socket.write(text));
    socket.setEncoding("utf8");
    socket.on("data", (part: string) => {
      answer += part;
    });
    // A server that refuses a large body resets the connection after its answer.
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.setTimeout(5_000, () => socket.destroy());
  });
}
