import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { aptSites, baseImageTag, debianMirrors, ensureBaseImage } from "../../host/base-image.ts";
import { runToEnd } from "../support/docker.ts";

const folder = mkdtempSync(join(tmpdir(), "ragdock-apt-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Returns the mirrors that apt finds in these sources. */
async function mirrorsIn(text: string, file: string): ReturnType<typeof mirrorsOf> {
  const parts = mkdtempSync(join(folder, "sources-"));
  writeFileSync(join(parts, file), `${text}\n`);
  return mirrorsOf(["-o", "Dir::Etc::SourceList=/dev/null", "-o", `Dir::Etc::SourceParts=${parts}`]);
}

const mirrorsOf = async (options: readonly string[]) => debianMirrors(await aptSites(...options));

describe("debianMirrors", () => {
  const found = {
    archive: "http://mirror.example/debian",
    security: "http://mirror.example/debian-security",
  };

  it("reads one-line sources, with and without options", async () => {
    const text = [
      "# deb http://old.example/debian bookworm main",
      "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main",
      "deb-src http://source.example/debian bookworm main",
      "deb http://mirror.example/debian-security bookworm-security main",
    ].join("\n");
    expect(await mirrorsIn(text, "one.list")).toEqual(found);
  });

  it("reads deb822 sources, without disabled stanzas", async () => {
    const text = [
      "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nComponents: main\nEnabled: no",
      "Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main",
      "Types: deb\nURIs: http://mirror.example/debian-security/\nSuites: bookworm-security\nComponents: main",
    ].join("\n\n");
    expect(await mirrorsIn(text, "debian.sources")).toEqual(found);
  });

  it("finds no mirror on Ubuntu, and ignores archives of third parties", async () => {
    const none = async (line: string) => expect(await mirrorsIn(line, "other.list"), line).toBeUndefined();
    await none("deb http://mirror.example/ubuntu noble main");
    await none("deb https://vendor.example/linux/debian12 stable main");
  });
});

describe("the base image", () => {
  it("has a tag from its inputs, and is not built a second time", async () => {
    const lines: string[] = [];
    await ensureBaseImage();
    expect(await ensureBaseImage((line) => lines.push(line))).toBe(await baseImageTag());
    expect(await baseImageTag()).toMatch(/^ragdock\/base:[0-9a-f]{12}$/);
    expect(lines).toEqual([]);
  });

  it("is Debian trixie without manuals, and keeps no downloaded packages", async () => {
    const script =
      '. /etc/os-release; echo "$VERSION_CODENAME"; ls /usr/share/man /usr/share/locale 2>/dev/null';
    const { output } = runToEnd(await ensureBaseImage(), ["--network", "none"], ["sh", "-c", script]);
    expect(output).toMatch(/^trixie\n/);
    expect(output).not.toContain("man1");
    const keep = runToEnd(
      await ensureBaseImage(),
      [],
      ["apt-config", "dump", "APT::Keep-Downloaded-Packages"],
    );
    expect(keep.output).toContain('"false"');
  });
});
