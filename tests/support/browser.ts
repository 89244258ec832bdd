import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium } from "playwright-core";

const exec = promisify(execFile);

/** Debian's Chromium. `make setup-test` installs it if it runs as root. */
const chromiumPath = process.env.CHROMIUM ?? "/usr/bin/chromium";

/** Options that prevent Chromium from contacting Google's servers at its start. */
const quiet = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

/** A server on this host that the browser can reach. */
interface Site {
  /** An address of this host. */
  readonly host: string;
  readonly port: number;
}

/**
 * Starts a real browser, which can reach one port of this host as localhost. It is in a separate
 * network namespace: Chromium ends all its requests with ERR_NETWORK_CHANGED when an address of the
 * host changes, as happens when Docker creates a network. Needs root.
 * @param others other servers that it can reach
 */
export async function startBrowser(port: number, ...others: readonly Site[]): Promise<Browser> {
  if (!existsSync(chromiumPath))
    throw new Error(
      `No browser at ${chromiumPath}. Install it: apt-get install -y chromium. Or set CHROMIUM to its path.`,
    );
  const { executablePath, end } = await namespaceWith([{ host: "127.0.0.1", port }, ...others]);
  try {
    const browser = await chromium.launch({ executablePath, args: quiet });
    browser.on("disconnected", end);
    return browser;
  } catch (error) {
    await end();
    throw error;
  }
}

/**
 * The program in the namespace that forwards an address to a socket. It prints `ready` when it
 * listens.
 */
const forwarder = `const { connect, createServer } = require("node:net");
const [host, port, socket] = process.argv.slice(1);
createServer((client) => {
  const server = connect(socket);
  client.pipe(server).pipe(client);
  for (const end of [client, server]) end.on("error", () => { client.destroy(); server.destroy(); });
}).listen(Number(port), host, () => console.log("ready"));`;

/** Forwards the connections to a socket to a server. */
const passOn = (socket: string, { host, port }: Site): Server =>
  createServer((browser) => {
    const service = connect(port, host);
    browser.pipe(service).pipe(browser);
    for (const one of [browser, service])
      one.on("error", () => {
        browser.destroy();
        service.destroy();
      });
  }).listen(socket);

/**
 * Creates a network namespace whose loopback has the addresses of the servers and forwards their
 * ports, through Unix sockets. Returns a program that starts Chromium there, and the function that
 * removes everything.
 */
async function namespaceWith(
  sites: readonly Site[],
): Promise<{ executablePath: string; end: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-browser-"));
  const name = basename(folder);
  const executablePath = join(folder, "chromium");
  writeFileSync(executablePath, `#!/bin/sh\nexec ip netns exec ${name} ${chromiumPath} "$@"\n`);
  chmodSync(executablePath, 0o755);
  await exec("ip", ["netns", "add", name]);
  await exec("ip", ["-n", name, "link", "set", "lo", "up"]);
  const ends: (() => void)[] = [];
  for (const site of sites) {
    const socket = join(folder, `${site.port}.sock`);
    const server = passOn(socket, site);
    if (site.host !== "127.0.0.1") await exec("ip", ["-n", name, "address", "add", site.host, "dev", "lo"]);
    const command = [process.execPath, "-e", forwarder, site.host, String(site.port), socket];
    const inside = spawn("ip", ["netns", "exec", name, ...command], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(inside.stdout, "data");
    ends.push(() => {
      inside.kill();
      server.close();
    });
  }
  const end = async (): Promise<void> => {
    for (const stop of ends) stop();
    await exec("ip", ["netns", "del", name]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { executablePath, end };
}
