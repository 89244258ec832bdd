// Patches Pulumi's SDK before the runner loads it. Each patch skips work of the SDK that the
// embedded engine does not need. tests/engine/unit/pulumi/preload.test.ts shows that each patch
// works and is still needed.
import { createRequire, Module } from "node:module";
import util from "node:util";

type Fn = (...args: never[]) => unknown;
const sdk = createRequire(import.meta.url);
const { version } = sdk("@pulumi/pulumi/package.json") as { version: string };

/**
 * Replaces a function of a private module of the SDK.
 * @throws if this version of the SDK has no such function
 */
function patch<T extends Fn>(file: string, path: readonly string[], replace: (original: T) => T): void {
  const name = path.at(-1) as string;
  let owner = sdk(`@pulumi/pulumi/${file}`) as Record<string, unknown> | undefined;
  for (const step of path.slice(0, -1)) owner = owner?.[step] as Record<string, unknown> | undefined;
  const original = owner?.[name];
  if (!owner || typeof original !== "function") {
    throw new Error(
      `@pulumi/pulumi ${version} has no function ${path.join(".")} in ${file}, which the embedded engine patches: ` +
        "install the version that package.json names (npm ci), or adapt engine/pulumi/preload.ts",
    );
  }
  owner[name] = replace(original as T);
}

// Node needs half a minute and all memory to colour an error's stack when the path of a frame ends
// right after node_modules/@scope (nodejs/node#64011, fixed by nodejs/node#64022 in later
// versions). The SDK's source maps contain such paths, so each failing program would hang:
// tests/engine/runs.test.ts, "a program that throws".
const inspect = util.inspect;
function withoutColors(value: unknown, ...rest: [options?: util.InspectOptions]): string {
  const [options] = rest;
  if (!(value instanceof Error) || !options?.colors) return inspect(value, ...rest);
  return inspect(value, { ...options, colors: false });
}
util.inspect = Object.assign(withoutColors, inspect) as typeof inspect;

// The SDK loads a compiler and a package manager to serialise functions, which takes half of its
// load time. These programs pass no functions, so both load only at their first use.
const RARELY_USED = new Set(["typescript", "@npmcli/arborist"]);
type Load = (request: string, ...rest: unknown[]) => object;
const modules = Module as unknown as { _load: Load };
const load = modules._load;
modules._load = function (this: unknown, request, ...rest) {
  const now = (): object => load.call(this, request, ...rest);
  return RARELY_USED.has(request) ? onFirstUse(now) : now();
};

function onFirstUse(now: () => object): object {
  // The SDK's compiled imports ask for these two names first, to detect the kind of module.
  const get = (_: object, name: string | symbol): unknown =>
    name === "__esModule" ? true : name === "default" ? now() : Reflect.get(now(), name);
  return new Proxy({}, { get });
}

// To serialise functions, the SDK also opens a debugger session on its own process, which receives
// each script. The session now opens on demand.
patch("runtime/closure/v8Hooks.js", ["isInitializedAsync"], () => async () => {});

// The SDK sends each resource with a stack trace of its declaration. The engine does not read it.
patch("resource.js", ["Resource", "stackTrace"], () => () => []);

// The SDK sends five debug messages per resource, each in a separate call. The monitor drops them,
// because they contain secrets in clear text.
patch("log/index.js", ["debug"], () => async () => {});

// The SDK marks each promise with a stack trace and two more fields, for a search for leaked
// promises that is off by default. Each property of each resource has four promises. The leak check
// at the end of the program still works.
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
  type Candidates = { leakCandidates: Set<Promise<unknown>> };
  const state = sdk("@pulumi/pulumi/runtime/state.js") as { getStore(): Candidates | undefined };
  type Watch = (promise: Promise<unknown>, context: unknown) => Promise<unknown>;
  patch<Watch>("runtime/debuggable.js", ["debuggablePromise"], (original) => {
    let first = true;
    return (promise, context) => {
      const candidates = state.getStore()?.leakCandidates;
      // The first call also schedules the check at the end.
      if (first || !candidates) {
        first = false;
        return original(promise, context);
      }
      candidates.add(promise);
      return promise.then(
        (value) => {
          candidates.delete(promise);
          return value;
        },
        (error: { promise?: unknown }) => {
          candidates.delete(promise);
          error.promise = promise;
          throw error;
        },
      );
    };
  });
}
