import { shown } from "../config/spec/content.ts";
import { type CatalogueImage, declaredVolumes, type ImageSource, programsOf } from "../config/spec/image.ts";
import { dockerCheck } from "../config/spec/recovery.ts";
import { isLongRunning, type ServiceSpec } from "../config/spec/service.ts";

/**
 * Programs that a script could use but some image lacks, in addition to those of the catalogue.
 */
const others = "awk basename curl dirname head jq nc openssl perl pgrep ps setpriv sort tr which xargs";

/** The names of programs that are searched in scripts. @param images the images of the catalogue */
export const knownPrograms = (images: readonly CatalogueImage[]): ReadonlySet<string> =>
  new Set([...others.split(" "), ...images.flatMap((image) => [...programsOf(image)])]);

/** The programs of a shell script: known names where a command can begin. */
export function programsIn(script: string, known: ReadonlySet<string>): string[] {
  const code = script.replaceAll(/^\s*#.*$/gm, "");
  const begin = /(?:^|[|;&(){`!"']|\b(?:do|then|else|if|until|while|exec|timeout \S+)|\w=[^\s"(]*\s)\s*/;
  const found = code.matchAll(new RegExp(`${begin.source}(?=([a-z][\\w-]*)\\b)`, "gm"));
  return [...new Set([...found].flatMap(([, word]) => (word && known.has(word) ? [word] : [])))].sort();
}

/** The programs of a command: the first word, and those of the script that a shell gets. */
export function programsOfCommand(
  [first = "", ...rest]: readonly string[],
  known: ReadonlySet<string>,
): string[] {
  const script = /^(sh|bash)$/.test(first) && rest[0] === "-c" ? (rest[1] ?? "") : "";
  // The script of a paced check gets the checking command as its arguments.
  const inner = rest[2] === "healthcheck" ? programsOfCommand(rest.slice(3), known) : [];
  return [first, ...programsIn(script, known), ...inner];
}

/** The programs that a service runs in its image, and those of its scripts. */
function programsUsed(service: ServiceSpec, known: ReadonlySet<string>): string[] {
  const scripts = service.files.filter(({ path }) => path.endsWith(".sh"));
  return [
    ...(isLongRunning(service) ? programsOfCommand(dockerCheck(service).test.slice(1), known) : []),
    ...scripts.flatMap(({ content }) => programsIn(shown(content), known)),
    ...(service.entrypoint ? programsOfCommand(service.entrypoint, known) : []),
  ];
}

/** The image of the catalogue that a service runs, or that its own image is built on. */
export function catalogueOf(source: ImageSource): CatalogueImage | undefined {
  if (source.from === "catalogue") return source.image;
  return source.from === "build" ? source.bases?.map(catalogueOf).find((image) => image) : undefined;
}

/** The programs that a service runs and that its official image lacks. */
export function lackingPrograms(service: ServiceSpec, known: ReadonlySet<string>): string[] {
  const image = catalogueOf(service.image);
  const has = image ? programsOf(image) : new Set<string>();
  return programsUsed(service, known).filter((program) => !has.has(program));
}

/**
 * The command of a service, if its official image does not accept it. Undefined if the image
 * accepts it.
 */
export function wrongCommand({ image: source, entrypoint: own, command }: ServiceSpec): string | undefined {
  const [first] = command ?? [];
  if (source.from !== "catalogue" || own || first === undefined) return undefined;
  const { entrypoint = [], runsCommands = entrypoint.length === 0 } = source.image.official;
  const fits = runsCommands ? programsOf(source.image).has(first) : first.startsWith("-");
  return fits ? undefined : first;
}

/** The paths that an official image declares as volumes and at which its service mounts none. */
export function lackingVolumes(service: ServiceSpec): string[] {
  // A job of a store needs no data.
  if (service.image.from !== "catalogue" || !isLongRunning(service)) return [];
  const mounted = service.volumes.map(({ path }) => path);
  return declaredVolumes(service.image.image).filter((path) => !mounted.includes(path));
}
