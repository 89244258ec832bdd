// Loaded into Pulumi's runner ahead of everything else.
//
// Colouring the stack of an error runs for half a minute and out of memory when a frame's path ends right behind
// node_modules/@scope (nodejs/node#64011, fixed by nodejs/node#64022 in later releases). The SDK's source maps yield
// just such paths, so that every failing program would hang: tests/engine/runs.test.ts, "a program that throws".
import util from "node:util";

const inspect = util.inspect;

function withoutColors(value: unknown, ...rest: [options?: util.InspectOptions]): string {
  const [options] = rest;
  if (!(value instanceof Error) || !options?.colors) return inspect(value, ...rest);
  return inspect(value, { ...options, colors: false });
}

util.inspect = Object.assign(withoutColors, inspect) as typeof inspect;
