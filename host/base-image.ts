/**
 * The Debian base of `images: packages`: made with mmdebstrap from the mirror that this host uses, so that a site with package
 * mirrors and without a container registry can build everything else on it.
 */
import { execFile, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { Failure } from "../config/spec/failure.ts";
import type { SystemSpec } from "../config/spec/service.ts";
import { docker, dockerArguments } from "./docker.ts";

const run = promisify(execFile);

const suite = "trixie";
const repository = "ragdock/base";
const siteCaFolder = "/usr/local/share/ca-certificates";
const caBundle = "/etc/ssl/certs/ca-certificates.crt";

/** Health checks of the stand-ins use busybox's wget. Images that have wget in their official form link it. */
const packages = ["ca-certificates", "busybox"];

const unneededPaths = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*"];

/** Keeps apt's indexes and translations out of the layers. */
const aptOptions = [
  'APT::Install-Recommends "false"',
  'APT::AutoRemove::SuggestsImportant "false"',
  'Acquire::Languages "none"',
  'Acquire::GzipIndexes "true"',
  'Dir::Cache::pkgcache ""',
  'Dir::Cache::srcpkgcache ""',
];

/**
 * Without it every .deb stays in the layer that installed it (a third of the image of Prometheus). It is written when
 * mmdebstrap has finished, because mmdebstrap needs the downloaded packages.
 */
const keepNoPackages = `echo 'APT::Keep-Downloaded-Packages "false";' > "$1/etc/apt/apt.conf.d/90ragdock"`;

/** What pip, uv, requests and OpenSSL read, so that HTTPS clients in `docker build` trust the site's CA. */
const caEnvironment = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS"].map(
  (name) => `${name}=${caBundle}`,
);

/** Where the Debian archive and its security updates are. */
export interface DebianMirrors {
  readonly archive: string;
  /** @default no security suite, if the host's own sources name none */
  readonly security?: string;
}

/** The Debian mirrors among the sites that apt uses, or undefined if there are none (Ubuntu). */
export function debianMirrors(sites: readonly string[]): DebianMirrors | undefined {
  const urls = sites.map((site) => site.trim().replace(/\/+$/, ""));
  const archive = urls.find((url) => /\/debian$/.test(url));
  const security = urls.find((url) => /\/debian-security$/.test(url));
  return archive === undefined ? undefined : { archive, ...(security === undefined ? {} : { security }) };
}

/**
 * The sites of this host's apt sources. None on a host without apt.
 * @param options options of apt-get, such as another folder with sources
 */
export async function aptSites(...options: readonly string[]): Promise<string[]> {
  // Also before the first `apt-get update` of a machine, when no release files are there.
  const targets = ["indextargets", "--no-release-info", "--format", "$(SITE)", "Created-By: Packages"];
  const { stdout } = await run("apt-get", [...options, ...targets]).catch(() => ({ stdout: "" }));
  return [...new Set(stdout.split("\n").filter(Boolean))];
}

interface Recipe {
  /** Empty on a host without Debian sources: mmdebstrap then uses Debian's public mirror. */
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

/** The base image's tag: a hash of everything that goes into it. Another mirror or CA gives another tag. */
export const baseImageTag = async (): Promise<string> => tagOf(await recipe());

interface MakeOptions {
  /** Whether to make the image if it is not there. */
  readonly make: boolean;
  readonly say?: (line: string) => void;
}

/** The base image of a system, or "" for one whose images are pulled. @throws Failure when it cannot be made */
export async function baseImageOf({ images }: SystemSpec, options: MakeOptions): Promise<string> {
  if (images === "registry") return "";
  return options.make ? ensureBaseImage(options.say) : baseImageTag();
}

/**
 * Makes the base image unless Docker has it, and returns its tag. The first time takes about half a minute.
 * @throws Failure when mmdebstrap is missing or fails, or Docker does not take the import
 */
export async function ensureBaseImage(say: (line: string) => void = () => {}): Promise<string> {
  const from = await recipe();
  const tag = tagOf(from);
  if (await docker("image", "inspect", tag).catch(() => "")) return tag;
  await run("mmdebstrap", ["--version"]).catch(() => {
    throw new Failure(
      "`images: packages` makes its base image with mmdebstrap, which is not installed.",
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
  // Imported without a name and tagged when both ends have succeeded: a cut-off tar must not become the base.
  const args = dockerArguments("import", ...changes.flatMap((change) => ["--change", change]), "-");
  const importer = spawn("docker", args, { stdio: ["pipe", "pipe", "pipe"] });
  bootstrap.stdout.pipe(importer.stdin);
  importer.stdin.on("error", () => {}); // the importer's exit code tells what happened
  let log = "";
  for (const stream of [bootstrap.stderr, importer.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log += text;
      for (const line of text.split("\n").filter((l) => l.startsWith("I: "))) say(line.slice(3));
    });
  }
  let id = "";
  importer.stdout.setEncoding("utf8").on("data", (text: string) => {
    id += text;
  });
  const [[made], [imported]] = await Promise.all([once(bootstrap, "close"), once(importer, "close")]);
  if (made === 0 && imported === 0) {
    await docker("tag", id.trim(), tag);
    return;
  }
  if (imported === 0) await docker("image", "rm", id.trim());
  throw new Failure(
    `The base image could not be made: mmdebstrap ended with ${made}, docker import with ${imported}.`,
    log.slice(-2000),
  );
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await ensureBaseImage((line) => console.error(line)));
}
