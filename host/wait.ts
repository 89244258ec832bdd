import { setTimeout } from "node:timers/promises";

/** Milliseconds between two looks. */
const interval = 500;

/** Waits until a condition is true. @returns whether it became true within these milliseconds */
export async function becomesTrue(condition: () => Promise<boolean>, within: number): Promise<boolean> {
  const end = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > end) return false;
    await setTimeout(interval);
  }
  return true;
}
