import { describe, expect, it } from "vitest";
import { baseImageTag, debianMirrors, ensureBaseImage } from "../../host/base-image.ts";
import { runToEnd } from "../support/docker.ts";

describe("debianMirrors", () => {
  const found = {
    archive: "http://mirror.example/debian",
    security: "http://mirror.example/debian-security",
  };

  it("reads one-line sources, with and without options", () => {
    const text = [
      "# deb http://old.example/debian bookworm main",
      "deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian/ bookworm main",
      "deb-src http://source.example/debian bookworm main",
      "deb http://mirror.example/debian-security bookworm-security main",
    ].join("\n");
    expect(debianMirrors([text])).toEqual(found);
  });

  it("reads deb822 sources, of which a stanza may be disabled", () => {
    const text = [
      "Types: deb\nURIs: http://off.example/debian\nSuites: bookworm\nEnabled: no",
      "Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm",
      "Types: deb\nURIs: http://mirror.example/debian-security/\nSuites: bookworm-security",
    ].join("\n\n");
    expect(debianMirrors([text])).toEqual(found);
  });

  it("finds none on Ubuntu and takes no third party's archive for Debian's", () => {
    expect(debianMirrors(["deb http://mirror.example/ubuntu noble main"])).toBeUndefined();
    expect(debianMirrors(["deb https://vendor.example/linux/debian12 stable main"])).toBeUndefined();
  });
});

describe("the base image", () => {
  it("has the tag of its recipe, and nothing is made a second time", async () => {
    const lines: string[] = [];
    await ensureBaseImage();
    expect(await ensureBaseImage((line) => lines.push(line))).toBe(baseImageTag());
    expect(baseImageTag()).toMatch(/^ragdock\/base:[0-9a-f]{12}$/);
    expect(lines).toEqual([]);
  });

  it("is Debian trixie without manuals, and keeps no packages that apt downloads", async () => {
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
