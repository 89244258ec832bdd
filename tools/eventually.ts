import { setTimeout } from "node:timers/promises";

/**
 * Calls `ask` twice a second until it returns a value.
 * @throws the last error if there is none after `seconds`
 */
export async function eventually<T>(ask: () => Promise<T | undefined>, seconds = 60): Promise<T> {
  const end = Date.now() + seconds * 1000;
  let last: unknown = new Error(`there was no value in ${seconds} s`);
  while (Date.now() < end) {
    try {
      const value = await ask();
      if (value !== undefined) return value;
    } catch (error) {
      last = error;
    }
    await setTimeout(500);
  }
  throw last;
}
