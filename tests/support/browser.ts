import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

/** Debian's Chromium. `make e2e` installs it if it runs as root. */
const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";

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

/** Starts a real browser. */
export function startBrowser(): Promise<Browser> {
  if (!existsSync(executablePath))
    throw new Error(
      `No browser at ${executablePath}. Install it: apt-get install -y chromium. Or set CHROMIUM to its path.`,
    );
  return chromium.launch({ executablePath, args: quiet });
}
