import { execFile } from "node:child_process";
import { promisify } from "node:util";

/** The address of Docker's default bridge, on which containers reach servers of this host. */
export async function bridgeAddress(): Promise<string> {
  const { stdout } = await promisify(execFile)("ip", ["-4", "-j", "addr", "show", "docker0"]);
  const [bridge] = JSON.parse(stdout);
  return bridge.addr_info[0].local;
}
