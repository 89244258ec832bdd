import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
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

/**
 * Starts a real browser, which reaches one port of this host as localhost. It is in a separate
 * network namespace: Chromium ends all its requests with ERR_NETWORK_CHANGED when an address of the
 * host changes, as happens when Docker creates a network. Needs root.
 */
export async function startBrowser(port: number): Promise<Browser> {
  if (!existsSync(chromiumPath))
    throw new Error(
      `No browser at ${chromiumPath}. Install it: apt-get install -y chromium. Or set CHROMIUM to its path.`,
    );
  const { executablePath, end } = await namespaceWith(port);
  try {
    const browser = await chromium.launch({ executablePath, args: quiet });
    browser.on("disconnected", end);
    return browser;
  } catch (error) {
    await end();
    throw error;
  }
}

/** The forwarder in the namespace. It says `ready` when it listens. */
const forwarder = `const { connect, createServer } = require("node:net");
const [port, socket] = process.argv.slice(1);
createServer((client) => {
  const host = connect(socket);
  client.pipe(host).pipe(client);
  for (const end of [client, host]) end.on("error", () => { client.destroy(); host.destroy(); });
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));`;

/**
 * Creates a network namespace whose loopback forwards a port to this host, through a Unix socket.
 * Returns a program that starts Chromium there, and the function that removes everything.
 */
async function namespaceWith(port: number): Promise<{ executablePath: string; end: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), "ragdock-browser-"));
  const name = basename(folder);
  const socket = join(folder, "host.sock");
  const executablePath = join(folder, "chromium");
  writeFileSync(executablePath, `#!/bin/sh\nexec ip netns exec ${name} ${chromiumPath} "$@"\n`);
  chmodSync(executablePath, 0o755);
  const host = createServer((browser) => {
    const service = connect(port, "127.0.0.1");
    browser.pipe(service).pipe(browser);
    for (const one of [browser, service])
      one.on("error", () => {
        browser.destroy();
        service.destroy();
      });
  }).listen(socket);
  await exec("ip", ["netns", "add", name]);
  await exec("ip", ["-n", name, "link", "set", "lo", "up"]);
  const inside = spawn(
    "ip",
    ["netns", "exec", name, process.execPath, "-e", forwarder, String(port), socket],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  await once(inside.stdout, "data");
  const end = async (): Promise<void> => {
    inside.kill();
    host.close();
    await exec("ip", ["netns", "del", name]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { executablePath, end };
}
