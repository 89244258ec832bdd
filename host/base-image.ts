/**
 * The Debian base of `images: packages`: made with mmdebstrap from the mirror this host already uses,
 * so that a site with package mirrors and no container registry can build everything else on it.
 */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const SUITE = "trixie";
const REPOSITORY = "ragdock/base";
const SITE_CA_FOLDER = "/usr/local/share/ca-certificates";
const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Probes of the stand-ins call busybox's wget; each image that has wget in its official form links it. */
const PACKAGES = ["ca-certificates", "busybox"];

const UNNEEDED_PATHS = ["/usr/share/man/*", "/usr/share/doc/*", "/usr/share/info/*", "/usr/share/locale/*"];

/** Keeps apt's indexes and translations out of the layers. */
const APT_OPTIONS = [
  'APT::Install-Recommends "false"',
  'APT::AutoRemove::SuggestsImportant "false"',
  'Acquire::Languages "none"',
  'Acquire::GzipIndexes "true"',
  'Dir::Cache::pkgcache ""',
  'Dir::Cache::srcpkgcache ""',
];

/**
 * Without this every .deb stays in the layer that installed it (a third of the image for Prometheus).
 * Written when mmdebstrap has finished: it needs the downloaded packages itself.
 */
const KEEP_NO_PACKAGES = `echo 'APT::Keep-Downloaded-Packages "false";' > "$1/etc/apt/apt.conf.d/90ragdock"`;

/** What pip, uv, requests and OpenSSL read, so that HTTPS clients in `docker build` trust the site's CA. */
const CA_ENVIRONMENT = [
  `SSL_CERT_FILE=${CA_BUNDLE}`,
  `REQUESTS_CA_BUNDLE=${CA_BUNDLE}`,
  `PIP_CERT=${CA_BUNDLE}`,
  `NODE_EXTRA_CA_CERTS=${CA_BUNDLE}`,
];

/** Where the Debian archive and its security updates are taken from. */
export interface DebianMirrors {
  readonly archive: string;
  /** @default no security suite, when the host's own sources name none */
  readonly security?: string;
}

/** Finds the Debian mirrors in apt source files, one-line and deb822; undefined when they name none (Ubuntu). */
export function debianMirrors(sourceTexts: readonly string[]): DebianMirrors | undefined {
  const uris = sourceTexts.flatMap((text) => [...deb822Uris(text), ...oneLineUris(text)]);
  const archive = uris.find((uri) => /\/debian$/.test(uri));
  const security = uris.find((uri) => /\/debian-security$/.test(uri));
  return archive === undefined ? undefined : { archive, ...(security === undefined ? {} : { security }) };
}

function deb822Uris(text: string): string[] {
  return text
    .split(/\n\s*\n/)
    .filter((stanza) => /^Types:.*\bdeb\b/m.test(stanza) && !/^Enabled:\s*no/im.test(stanza))
    .flatMap((stanza) => /^URIs:\s*(.+)$/m.exec(stanza)?.[1]?.split(/\s+/) ?? [])
    .map(withoutTrailingSlash);
}

function oneLineUris(text: string): string[] {
  return [...text.matchAll(/^\s*deb\s+(?:\[[^\]]*\]\s+)?(\S+)/gm)].map((m) =>
    withoutTrailingSlash(m[1] ?? ""),
  );
}

function withoutTrailingSlash(uri: string): string {
  return uri.trim().replace(/\/+$/, "");
}

interface Recipe {
  readonly suite: string;
  readonly packages: readonly string[];
  readonly unneededPaths: readonly string[];
  readonly aptOptions: readonly string[];
  readonly environment: readonly string[];
  /** Empty on a host without Debian sources: mmdebstrap then uses Debian's public mirror. */
  readonly aptSources: readonly string[];
  readonly siteCas: readonly { readonly file: string; readonly sha256: string }[];
}

function recipe(): Recipe {
  const siteCas = filesIn(SITE_CA_FOLDER, ".crt").map((file) => ({
    file,
    sha256: sha256(readFileSync(file)),
  }));
  const mirrors = debianMirrors(hostAptSources());
  return {
    suite: SUITE,
    packages: PACKAGES,
    unneededPaths: UNNEEDED_PATHS,
    aptOptions: [...APT_OPTIONS, KEEP_NO_PACKAGES],
    environment: siteCas.length === 0 ? [] : CA_ENVIRONMENT,
    aptSources: mirrors === undefined ? [] : aptSourceLines(mirrors),
    siteCas,
  };
}

function aptSourceLines({ archive, security }: DebianMirrors): string[] {
  const lines = [`deb ${archive} ${SUITE} main`, `deb ${archive} ${SUITE}-updates main`];
  return security === undefined ? lines : [...lines, `deb ${security} ${SUITE}-security main`];
}

function hostAptSources(): string[] {
  const folder = "/etc/apt/sources.list.d";
  const files = ["/etc/apt/sources.list", ...filesIn(folder, ".sources"), ...filesIn(folder, ".list")];
  return files.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"));
}

function filesIn(folder: string, extension: string): string[] {
  if (!existsSync(folder)) return [];
  const names = readdirSync(folder).filter((name) => name.endsWith(extension));
  return names.sort().map((name) => join(folder, name));
}

function sha256(data: string | Buffer): string {
  return createHash("sha256").update(data).digest("hex");
}

/** The base image's tag, a hash of everything that goes into it: another mirror or CA gives another tag. */
export function baseImageTag(): string {
  return `${REPOSITORY}:${sha256(JSON.stringify(recipe())).slice(0, 12)}`;
}

/**
 * Makes the base image unless the engine has it, and returns its tag; about half a minute the first time.
 *
 * @throws when mmdebstrap is missing or fails, or the engine does not take the import
 */
export async function ensureBaseImage(onProgress: (line: string) => void = () => {}): Promise<string> {
  const tag = baseImageTag();
  if (spawnSync("docker", ["image", "inspect", tag], { stdio: "ignore" }).status === 0) return tag;
  if (spawnSync("mmdebstrap", ["--version"], { stdio: "ignore" }).status !== 0) {
    throw new Error(
      "images: packages needs mmdebstrap to make its base image, and it is not installed. " +
        "Install it: apt-get install -y mmdebstrap debian-archive-keyring",
    );
  }
  onProgress(`making ${tag} (Debian ${SUITE}), about half a minute`);
  await pipeIntoImport(bootstrapArguments(recipe()), recipe(), tag, onProgress);
  onProgress(`made ${tag}`);
  return tag;
}

function bootstrapArguments(from: Recipe): string[] {
  const hooks = [KEEP_NO_PACKAGES];
  if (from.siteCas.length > 0) {
    hooks.push(`copy-in ${from.siteCas.map((ca) => ca.file).join(" ")} ${SITE_CA_FOLDER}`);
    hooks.push('chroot "$1" update-ca-certificates');
  }
  return [
    "--variant=minbase",
    "--format=tar",
    `--include=${from.packages.join(",")}`,
    ...APT_OPTIONS.map((option) => `--aptopt=${option}`),
    ...from.unneededPaths.map((path) => `--dpkgopt=path-exclude=${path}`),
    ...hooks.map((hook) => `--customize-hook=${hook}`),
    from.suite,
    "-",
    ...from.aptSources,
  ];
}

async function pipeIntoImport(
  bootstrap: string[],
  from: Recipe,
  tag: string,
  onProgress: (line: string) => void,
): Promise<void> {
  const settings = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin",
    "LANG=C.UTF-8",
    ...from.environment,
  ];
  const changes = [...settings.map((setting) => `ENV ${setting}`), 'CMD ["/bin/bash"]'];
  const debootstrap = spawn("mmdebstrap", bootstrap, { stdio: ["ignore", "pipe", "pipe"] });
  // Imported without a name and tagged only when both ends succeeded: a cut-off tar must not become the base.
  const importer = spawn("docker", ["import", ...changes.flatMap((c) => ["--change", c]), "-"], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  debootstrap.stdout.pipe(importer.stdin);
  importer.stdin.on("error", () => {}); // the importer's own exit code says what happened
  const log: string[] = [];
  for (const stream of [debootstrap.stderr, importer.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log.push(text);
      for (const line of text.split("\n").filter((l) => l.startsWith("I: "))) onProgress(line.slice(3));
    });
  }
  let imageId = "";
  importer.stdout.setEncoding("utf8").on("data", (text: string) => {
    imageId += text;
  });
  const [made, imported] = await Promise.all([exitCode(debootstrap), exitCode(importer)]);
  if (made !== 0 || imported !== 0) {
    if (imported === 0) spawnSync("docker", ["image", "rm", imageId.trim()], { stdio: "ignore" });
    throw new Error(
      `mmdebstrap exited with ${made}, docker import with ${imported}:\n${log.join("").slice(-2000)}`,
    );
  }
  const tagged = spawnSync("docker", ["tag", imageId.trim(), tag], { encoding: "utf8" });
  if (tagged.status !== 0) throw new Error(`docker tag ${tag}: ${tagged.stderr}`);
}

function exitCode(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => child.on("error", reject).on("close", resolve));
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(await ensureBaseImage((line) => console.error(line)));
}
