/**
 * The Debian base image of `images: packages`. mmdebstrap builds it from the mirror that this host
 * uses. All other images build on it, so a site needs package mirrors, but no container registry.
 */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Failure } from "../config/spec/failure.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { docker, dockerEnvironment } from "./docker.ts";

const run = promisify(execFile);

const suite = "trixie";
const repository = "ragdock/base";
const siteCaFolder = "/usr/local/share/ca-certificates";
const caBundle = "/etc/ssl/certs/ca-certificates.crt";

/**
 * The health checks of the stand-ins use BusyBox's wget. An image links wget where the official
 * image contains it.
 */
const packages = ["ca-certificates", "busybox"];

const unneededPaths = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*"];

/** Keep recommended packages, translations and apt's caches out of the layers. */
const aptOptions = [
  'APT::Install-Recommends "false"',
  'APT::AutoRemove::SuggestsImportant "false"',
  'Acquire::Languages "none"',
  'Acquire::GzipIndexes "true"',
  'Dir::Cache::pkgcache ""',
  'Dir::Cache::srcpkgcache ""',
];

/**
 * Makes apt delete each .deb after its installation. Otherwise the files stay in the layer: a third
 * of the Prometheus image. The setting is written after mmdebstrap has finished, because mmdebstrap
 * needs the downloaded packages.
 */
const keepNoPackages = `echo 'APT::Keep-Downloaded-Packages "false";' > "$1/etc/apt/apt.conf.d/90ragdock"`;

/**
 * Variables that pip, uv, requests and OpenSSL read. With them, HTTPS clients in `docker build`
 * trust the site's CA.
 */
const caEnvironment = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"].map(
  (name) => `${name}=${caBundle}`,
);

/** The URLs of the Debian archive and of its security updates. */
export interface DebianMirrors {
  readonly archive: string;
  /** @default no security suite, if the host's sources name none */
  readonly security?: string;
}

/** The Debian mirrors among the sites that apt uses. Undefined if there are none, as on Ubuntu. */
export function debianMirrors(sites: readonly string[]): DebianMirrors | undefined {
  const urls = sites.map((site) => site.trim().replace(/\/+$/, ""));
  const archive = urls.find((url) => /\/debian$/.test(url));
  const security = urls.find((url) => /\/debian-security$/.test(url));
  return archive === undefined ? undefined : { archive, ...(security === undefined ? {} : { security }) };
}

/**
 * Returns the sites of this host's apt sources. The list is empty on a host without apt.
 * @param options options of apt-get, such as another folder with sources
 */
export async function aptSites(...options: readonly string[]): Promise<string[]> {
  // This also works before the machine's first `apt-get update`, when there are no release files.
  const targets = ["indextargets", "--no-release-info", "--format", "$(SITE)", "Created-By: Packages"];
  // Without the lists of packages, apt answers 20 times faster. The sites are in the sources.
  const noLists = ["-o", "Dir::State::lists=/nonexistent"];
  const { stdout } = await run("apt-get", [...noLists, ...options, ...targets]).catch(() => ({ stdout: "" }));
  return [...new Set(stdout.split("\n").filter(Boolean))];
}

interface Recipe {
  /**
   * The list is empty on a host without Debian sources. mmdebstrap then uses Debian's public
   * mirror.
   */
  readonly sources: readonly string[];
  readonly siteCas: readonly { readonly file: string; readonly sha256: string }[];
}

async function recipe(): Promise<Recipe> {
  const names = existsSync(siteCaFolder) ? readdirSync(siteCaFolder) : [];
  const cas = names.filter((name) => name.endsWith(".crt")).sort();
  const mirrors = debianMirrors(await aptSites());
  return {
    sources: mirrors === undefined ? [] : sourceLines(mirrors),
    siteCas: cas
      .map((name) => join(siteCaFolder, name))
      .map((file) => ({ file, sha256: sha256(readFileSync(file)) })),
  };
}

function sourceLines({ archive, security }: DebianMirrors): string[] {
  const lines = [`deb ${archive} ${suite} main`, `deb ${archive} ${suite}-updates main`];
  return security === undefined ? lines : [...lines, `deb ${security} ${suite}-security main`];
}

const sha256 = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");

const tagOf = (from: Recipe): string => {
  const all = [suite, packages, unneededPaths, aptOptions, keepNoPackages, caEnvironment, from];
  return `${repository}:${sha256(JSON.stringify(all)).slice(0, 12)}`;
};

/**
 * The base image's tag: a hash of all inputs of the build. Another mirror or CA gives another tag.
 */
export const baseImageTag = async (): Promise<string> => tagOf(await recipe());

interface MakeOptions {
  /** Whether to build the image if Docker does not have it. */
  readonly make: boolean;
  readonly say?: (line: string) => void;
}

/**
 * Returns the base image of a system, or "" if its images are pulled.
 * @throws Failure when the build fails
 */
export async function baseImageOf({ images }: SystemSpec, options: MakeOptions): Promise<string> {
  if (images === "registry") return "";
  return options.make ? ensureBaseImage(options.say) : baseImageTag();
}

/**
 * Builds the base image unless Docker has it, and returns its tag. The first build takes 30 s.
 * @throws Failure when mmdebstrap is not installed, when it fails, or when `docker import` fails
 */
export async function ensureBaseImage(say: (line: string) => void = () => {}): Promise<string> {
  const from = await recipe();
  const tag = tagOf(from);
  if (await docker("image", "inspect", tag).catch(() => "")) return tag;
  await run("mmdebstrap", ["--version"]).catch(() => {
    throw new Failure(
      "`images: packages` builds its base image with mmdebstrap, which is not installed.",
      "Install it: apt-get install -y mmdebstrap debian-archive-keyring",
    );
  });
  say(`making ${tag} (Debian ${suite}), about half a minute`);
  await pipeIntoImport(from, tag, say);
  say(`made ${tag}`);
  return tag;
}

function bootstrapArguments({ siteCas, sources }: Recipe): string[] {
  const addCas = [
    `copy-in ${siteCas.map((ca) => ca.file).join(" ")} ${siteCaFolder}`,
    'chroot "$1" update-ca-certificates',
  ];
  return [
    "--variant=minbase",
    "--format=tar",
    `--include=${packages.join(",")}`,
    ...aptOptions.map((option) => `--aptopt=${option}`),
    ...unneededPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...[keepNoPackages, ...(siteCas.length > 0 ? addCas : [])].map((hook) => `--customize-hook=${hook}`),
    suite,
    "-",
    ...sources,
  ];
}

async function pipeIntoImport(from: Recipe, tag: string, say: (line: string) => void): Promise<void> {
  const settings = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
    "LANG=C.UTF-8",
    ...(from.siteCas.length > 0 ? caEnvironment : []),
  ];
  const changes = [...settings.map((setting) => `ENV ${setting}`), 'CMD ["/bin/bash"]'];
  const bootstrap = spawn("mmdebstrap", bootstrapArguments(from), { stdio: ["ignore", "pipe", "pipe"] });
  // The import gets its tag only after both processes have succeeded, so an incomplete tar never
  // becomes the base image.
  const args = ["import", ...changes.flatMap((change) => ["--change", change]), "-"];
  const importer = spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"], env: dockerEnvironment() });
  bootstrap.stdout.pipe(importer.stdin);
  importer.stdin.on("error", () => {}); // `docker import` reports the error with its exit code
  let log = "";
  for (const stream of [bootstrap.stderr, importer.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      log += chunk;
      for (const line of chunk.split("\n").filter((l) => l.startsWith("I: "))) say(line.slice(3));
    });
  }
  const ends = [once(bootstrap, "close"), once(importer, "close"), text(importer.stdout)] as const;
  const [[made], [imported], id] = await Promise.all(ends);
  if (made === 0 && imported === 0) {
    await docker("tag", id.trim(), tag);
    return;
  }
  if (imported === 0) await docker("image", "rm", id.trim());
  throw new Failure(
    `The base image could not be built: mmdebstrap ended with exit code ${made}, docker import ended with ${imported}.`,
    log.slice(-2000),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await ensureBaseImage((line) => console.error(line)));
}
