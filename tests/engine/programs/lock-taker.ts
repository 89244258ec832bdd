// Takes a lock at the moment that the test names, and says whether it got it; releases it when it is told to.
import { Lock } from "../../../engine/run/lock.ts";

let lock: Lock | undefined;

process.on("message", (message: { take: string; at: number } | { release: true }) => {
  if ("release" in message) {
    lock?.release();
    lock = undefined;
    process.send?.("released");
    return;
  }
  // No timer: both processes must leave this loop within the same microseconds.
  while (performance.timeOrigin + performance.now() < message.at);
  const notes: string[] = [];
  try {
    lock = Lock.take(message.take, (note) => notes.push(note));
    process.send?.({ taken: true, notes });
  } catch (error) {
    process.send?.({ taken: false, notes: [(error as Error).message] });
  }
});
process.send?.("ready");
