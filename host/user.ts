import { hostname, userInfo } from "node:os";

/** The user and the machine that run this process. In a container, the user may have no name. */
export function userName(): string {
  try {
    return `${userInfo().username}@${hostname()}`;
  } catch {
    return `user ${process.getuid?.()}@${hostname()}`;
  }
}
