import { externalStores, externalWords, mayDo, settingOf } from "../../config/spec/external.ts";
import type { Allowed, ExternalStore } from "../../config/spec/external-store.ts";
import { Failure } from "../../config/spec/failure.ts";
import type { SystemSpec } from "../../config/spec/service.ts";
import { print } from "../command.ts";

/** Names the stores outside of the stack that a command does not touch, because it may not do this. */
export function printLeftAlone({ services }: SystemSpec, what: string, action: Allowed): void {
  for (const store of externalStores(services))
    if (!mayDo(store, action)) print(`${externalWords(store)}: ${what}.`);
}

/** Refuses a command that only the operator of a store outside of the stack can run. */
export function requireInside(
  { services }: SystemSpec,
  isMeant: (store: ExternalStore) => boolean,
  fix: (store: ExternalStore) => string,
): void {
  const store = externalStores(services).find(isMeant);
  if (store) throw new Failure(`${externalWords(store)} (ragdock:${settingOf(store)}).`, fix(store));
}
