import { basename } from "node:path";
import type { Fate } from "./fates.ts";
import { isJob } from "./hosts.ts";
import { kindOf, type ServiceKind } from "./kinds.ts";
import type { Replaced } from "./merge.ts";
import type { ComposeProject, ComposeService } from "./read.ts";
import { applicationRules } from "./rules-application.ts";
import { monitoringRules } from "./rules-monitoring.ts";
import { storeRules } from "./rules-store.ts";
import { topRules } from "./rules-top.ts";
import { worldOf } from "./survey.ts";
import {
  at,
  children,
  isTrue,
  leaves,
  type Mapping,
  mapping,
  type Origin,
  type Tree,
  textOf,
} from "./tree.ts";
import {
  improved,
  type Outcome,
  type Rule,
  type Rules,
  type Subject,
  taken,
  unsupported,
  type Verdict,
} from "./verdict.ts";
import type { World } from "./world.ts";
import { programOf } from "./write/programs.ts";

/** A line of the report: the result for a key. */
export interface Line {
  /** The key below its service, such as `ports[0]`. */
  readonly key: string;
  readonly origin: Origin;
  readonly outcome: Outcome;
  readonly text: string;
  /** The keys of the user's files that the line is about. A proposal has none. */
  readonly keys: readonly Origin[];
}

/** The result for a service. */
export interface ClassifiedService {
  readonly name: string;
  readonly kind: ServiceKind;
  /** What replaces it in the stack. */
  readonly fate: Fate;
  readonly lines: readonly Line[];
}

/** The result for a project. Each of its keys has exactly one line. */
export interface Classified {
  readonly services: readonly ClassifiedService[];
  /** The lines of the top-level keys other than `services`. */
  readonly project: readonly Line[];
}

/** Decides the result for every key of a Compose project. */
export function classify(project: ComposeProject, world = worldOf(project)): Classified {
  return {
    services: project.services.map((service) => classifyService(service, world)),
    project: project.sections.flatMap(({ name, tree, replaced }) => {
      const root = mapping([[name, tree]], tree.origin);
      const service = { name, tree: root, replaced };
      const subject: Subject = { service, kind: { kind: "application" }, world };
      return [...new Walk(topRules, subject).below(root, "", ""), ...replaced.map(replacedLine)];
    }),
  };
}

function classifyService(service: ComposeService, world: World): ClassifiedService {
  const kind = world.kinds.get(service.name) ?? kindOf(service);
  const fate = world.fates.get(service.name) ?? { is: "application" };
  const walk = new Walk(rulesOf(fate, service.tree), { service, kind, world });
  const lines = [
    ...(service.tree.entries.size === 0 ? [empty(service.tree)] : walk.below(service.tree, "", "")),
    ...service.replaced.map(replacedLine),
    ...(fate.is === "application" && !isJob(service, world.project) ? proposals(service, kind) : []),
  ];
  return { name: service.name, kind, fate, lines };
}

/** The rules for a service. If it is replaced as a whole, all its keys have the same verdict. */
function rulesOf(fate: Fate, tree: Mapping): Rules {
  switch (fate.is) {
    case "store":
      return storeRules;
    case "monitoring":
      return { ...applicationRules, ...monitoringRules(fate.program) };
    case "proxy":
      return forAll(tree, improved(`The ingress of the stack takes the place of ${fate.program}.`));
    case "nothing":
      return at(tree, "image") || at(tree, "build") ? forAll(tree, unsupported(fate.why)) : applicationRules;
    default:
      return applicationRules;
  }
}

const forAll = (tree: Mapping, verdict: Verdict): Rules =>
  Object.fromEntries([...tree.entries.keys()].map((key) => [key, () => verdict]));

const empty = (tree: Mapping): Line =>
  line(
    "service",
    tree,
    tree.tag === "!reset"
      ? taken("Another Compose file removes the service.")
      : unsupported("The service has neither an image nor a build."),
    [tree.origin],
  );

/** Applies rules to a value and to what is below it. */
class Walk {
  // A Map, because a key of the user may be the name of a method, such as "constructor".
  readonly #rules: ReadonlyMap<string, Rule>;
  readonly #subject: Subject;

  constructor(rules: Rules, subject: Subject) {
    this.#rules = new Map(Object.entries(rules));
    this.#subject = subject;
  }

  /**
   * The lines of the parts of a value. `pattern` is its path in the rules, and `key` is its path in
   * the file.
   */
  below(tree: Tree, pattern: string, key: string): Line[] {
    if (tree.kind === "mapping")
      return [...tree.entries].flatMap(([name, value]) =>
        this.#at(value, this.#patternOf(pattern, name), key === "" ? name : `${key}.${name}`, name),
      );
    if (tree.kind !== "sequence") return [];
    return tree.items.flatMap((item, index) => this.#at(item, `${pattern}[]`, `${key}[${index}]`, ""));
  }

  #at(tree: Tree, pattern: string, key: string, name: string): Line[] {
    const verdict = this.#rules.get(pattern)?.(tree, name, this.#subject);
    const special = this.#hasRulesBelow(pattern);
    if (!verdict) {
      if (special && children(tree).length > 0) return this.below(tree, pattern, key);
      if (special && isEmpty(tree)) return [line(key, tree, taken("It is empty."))];
      return [
        line(
          key,
          tree,
          name.startsWith("x-")
            ? taken("Compose ignores it. Its values are used by the aliases that refer to it.")
            : unknown,
        ),
      ];
    }
    if (tree.kind !== "mapping") return [line(key, tree, verdict)];
    const isSeparate = (part: string): boolean =>
      verdict.except?.includes(part) || this.#isKnown(this.#patternOf(pattern, part));
    const own = [...tree.entries].filter(([part]) => !isSeparate(part));
    const separate = [...tree.entries].filter(([part]) => isSeparate(part));
    const rest = separate.flatMap(([part, value]) =>
      this.#at(value, this.#patternOf(pattern, part), `${key}.${part}`, part),
    );
    if (own.length === 0 && separate.length > 0) return rest;
    return [line(key, { ...tree, entries: new Map(own) }, verdict), ...rest];
  }

  #patternOf(pattern: string, name: string): string {
    const exact = pattern === "" ? name : `${pattern}.${name}`;
    const any = `${pattern}.*`;
    return this.#isKnown(exact) || !this.#isKnown(any) ? exact : any;
  }

  #isKnown(pattern: string): boolean {
    return this.#rules.has(pattern) || this.#hasRulesBelow(pattern);
  }

  #hasRulesBelow(pattern: string): boolean {
    return [...this.#rules.keys()].some(
      (rule) => rule.startsWith(`${pattern}.`) || rule.startsWith(`${pattern}[]`),
    );
  }
}

const isEmpty = (tree: Tree): boolean => tree.kind !== "scalar" || tree.value === null;

const unknown = unsupported("Ragdock has no setting for it.");

function line(key: string, tree: Tree, { outcome, text }: Verdict, keys = originsOf(tree)): Line {
  return { key, origin: tree.origin, outcome, text, keys };
}

/** The positions of the keys of a value. Several parts of a short form have one position. */
function originsOf(tree: Tree): Origin[] {
  const all = leaves(tree).map(
    ({ origin }) => [`${origin.file}:${origin.line} ${origin.path}`, origin] as const,
  );
  return [...new Map(all).values()];
}

const replacedLine = ({ tree, by }: Replaced): Line =>
  line(replacedKey(tree.origin.path), tree, taken(`${basename(by.file)}:${by.line} replaces it.`));

/** The key of a position, without the service. In an environment file, a position is a variable. */
function replacedKey(path: string): string {
  const [section = ""] = path.split(/[.[]/);
  if (section !== "services") return path;
  return path.replace(/^services\.[^.[]+\.?/, "") || "service";
}

/** What Ragdock adds to a service that lacks it. */
function proposals({ tree }: ComposeService, kind: ServiceKind): Line[] {
  const add = (key: string, text: string): Line => line(key, tree, improved(text), []);
  const check = at(tree, "healthcheck");
  const none = !check || isTrue(at(check, "disable"));
  const limited = at(tree, "mem_limit") ?? at(tree, "deploy", "resources", "limits", "memory");
  return [
    ...(none ? [add("healthcheck", proposedCheck(tree, kind))] : []),
    ...(limited ? [] : [add("limits", "The service has no memory limit. Proposed: 1 CPU and 1 GiB.")]),
  ];
}

function proposedCheck(tree: Mapping, kind: ServiceKind): string {
  const known = kind.kind === "foreign" && programOf(kind.name).healthcheck ? kind.name : undefined;
  if (known) return `The service has no health check. Proposed: the health check of ${known}.`;
  const [port] = children(at(tree, "ports"));
  const found = textOf(at(port, "target"));
  return found && /^\d+$/.test(found)
    ? `The service has no health check. Proposed: a check that a program listens on port ${found}. A check of a path that answers 2xx is better.`
    : "The service has no health check. Proposed: add a check that fails when the process no longer works.";
}
