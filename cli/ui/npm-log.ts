/** Why npm could not build a package with native code. */
export interface NativeFailure {
  /** One line. */
  readonly cause: string;
  /** Debian's packages that the build needs. */
  readonly debian?: string;
  /** What else helps. */
  readonly fix?: string;
}

/** Debian's packages, by the name that pkg-config or a header has. */
const libraries: readonly (readonly [RegExp, string])[] = [
  [/^pixman-1/, "libpixman-1-dev"],
  [/^(?:cairo|pangocairo)/, "libcairo2-dev libpango1.0-dev"],
  [/^(?:vips|vips-cpp)/, "libvips-dev"],
  [/^libusb/, "libusb-1.0-0-dev"],
  [/^libudev/, "libudev-dev"],
  [/^libsecret/, "libsecret-1-dev"],
  [/^sqlite3/, "libsqlite3-dev"],
  [/^(?:libpq|pg_config)/, "libpq-dev"],
  [/^(?:openssl|libssl)/, "libssl-dev"],
  [/^(?:sasl|libsasl)/, "libsasl2-dev"],
  [/^krb5|^gssapi/, "libkrb5-dev"],
  [/^zlib/, "zlib1g-dev"],
  [/^alsa/, "libasound2-dev"],
];

const libraryOf = (name: string): Omit<NativeFailure, "cause"> => {
  const [, debian] = libraries.find(([pattern]) => pattern.test(name)) ?? [];
  return debian
    ? { debian }
    : { fix: `Add the Debian package that contains ${name}. https://packages.debian.org/trixie finds it.` };
};

type Reason = (found: string) => { readonly reason: string } & Omit<NativeFailure, "cause">;

/** What node-gyp and the compiler say. The first pattern that matches decides. */
const reasons: readonly (readonly [RegExp, Reason])[] = [
  [
    /pkg-config (?:--\S+ )*([\w.+-]+)[^\n]* returned exit status/,
    (name) => ({ reason: `the library ${name} is missing`, ...libraryOf(name) }),
  ],
  [
    /fatal error: (\S+): No such file/,
    (name) => ({ reason: `the header ${name} is missing`, ...libraryOf(name) }),
  ],
  [
    /(?:not found: (?:make|g\+\+|gcc|cc)|(?:make|g\+\+|gcc|cc): not found|any Python installation to use)/,
    () => ({ reason: "node-gyp needs Python and a compiler", debian: "python3 build-essential" }),
  ],
  [
    /nodejs\.org\S* failed|(?:getaddrinfo|connect) \w+ nodejs\.org/,
    () => ({
      reason: "the headers of Node at nodejs.org cannot be reached",
      fix: "Check the network of the Docker host and its proxy. A version of the package with a prebuilt binary needs no headers.",
    }),
  ],
  [
    /(?:error: .*(?:has no member|was not declared|no matching function).*)/,
    () => ({
      reason: "its code does not compile for this version of Node",
      fix: "Use a newer version of the package, or an older version of Node: .nvmrc.",
    }),
  ],
];

/** npm names the folder of the package whose script failed. */
const failedScript =
  /npm (?:error|ERR!) path \S*\/node_modules\/((?:@[^/\s]+\/)?[^/\s]+)\nnpm (?:error|ERR!) command failed\n(?:npm (?:error|ERR!) command (.+))?/;

/** Finds the package whose install script failed in the output of npm. */
export function nativeFailure(output: string): NativeFailure | undefined {
  const [, name, script] = failedScript.exec(output) ?? [];
  if (name === undefined) return undefined;
  const about = `the package ${name} could not be built`;
  for (const [pattern, describe] of reasons) {
    const found = pattern.exec(output);
    if (!found) continue;
    const { reason, ...rest } = describe(found[1] ?? "");
    return { cause: `${about}: ${reason}`, ...rest };
  }
  return {
    cause: `${about}${script ? `: its install script failed: ${script.trim()}` : ""}`,
    fix: "Use a version of the package with a prebuilt binary for this version of Node, or another version of Node: .nvmrc.",
  };
}
