// Loaded into Pulumi's runner ahead of everything else: what the SDK does at its own start that the engine does not need.
import { createRequire, Module } from "node:module";
import util from "node:util";

// Colouring the stack of an error runs for half a minute and out of memory when a frame's path ends right behind
// node_modules/@scope (nodejs/node#64011, fixed by nodejs/node#64022 in later releases). The SDK's source maps yield
// just such paths, so that every failing program would hang: tests/engine/runs.test.ts, "a program that throws".
const inspect = util.inspect;

function withoutColors(value: unknown, ...rest: [options?: util.InspectOptions]): string {
  const [options] = rest;
  if (!(value instanceof Error) || !options?.colors) return inspect(value, ...rest);
  return inspect(value, { ...options, colors: false });
}

util.inspect = Object.assign(withoutColors, inspect) as typeof inspect;

// To write functions down as text the SDK loads a compiler and a package manager, which is half of its loading time.
// Programs here pass no functions: these are loaded when somebody asks for something in them.
const rarely = new Set(["typescript", "@npmcli/arborist"]);
type Load = (request: string, ...rest: unknown[]) => object;
const modules = Module as unknown as { _load: Load };
const load = modules._load;

modules._load = function (this: unknown, request, ...rest) {
  const now = (): object => load.call(this, request, ...rest);
  return rarely.has(request) ? whenAsked(now) : now();
};

function whenAsked(now: () => object): object {
  // The SDK's own compiled imports ask for the two names first, to find the module's form.
  const get = (_: object, name: string | symbol): unknown =>
    name === "__esModule" ? true : name === "default" ? now() : Reflect.get(now(), name);
  return new Proxy({}, { get });
}

const sdk = createRequire(import.meta.url);

// For the same writing down it opens a debugger on its own process, which hears of every script; opened later on demand.
const hooks: { isInitializedAsync(): Promise<void> } = sdk("@pulumi/pulumi/runtime/closure/v8Hooks.js");
hooks.isInitializedAsync = async () => {};

// The SDK notes a stack trace with every promise, for a search for lost ones that is off.
if (!process.env.PULUMI_DEBUG_PROMISE_LEAKS) {
  type Noted = (promise: Promise<unknown>, context: unknown) => Promise<unknown>;
  const debuggable: { debuggablePromise: Noted } = sdk("@pulumi/pulumi/runtime/debuggable.js");
  const note = debuggable.debuggablePromise;
  debuggable.debuggablePromise = (promise, context) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return note(promise, context);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}
