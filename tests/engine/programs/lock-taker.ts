// Takes a lock at the time that the test sends, and reports the result. Releases the lock on a
// message.
import { Lock } from "../../../engine/run/lock.ts";

let lock: Lock | undefined;

process.on("message", (message: { take: string; at: number } | { release: true }) => {
  if ("release" in message) {
    lock?.release();
    lock = undefined;
    process.send?.("released");
    return;
  }
  // A loop instead of a timer, because both processes must continue within the same microseconds.
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
