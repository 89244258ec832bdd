/**
 * Tests which paths of `docker diff` count as files that an application has written.
 * tests/systems/web-and-worker.test.ts has a real container.
 */
import { describe, expect, it } from "vitest";
import { foldersOf, writtenPaths } from "../../../host/written-files.ts";

describe("the paths that an application has written", () => {
  it("are added or changed, and no folders with more below them", () => {
    const diff =
      "C /srv\nA /srv/data\nA /srv/data/app.db\nC /srv/shipped.db\nD /srv/old\nC /etc\nC /etc/hosts\n";
    expect(writtenPaths(diff)).toEqual(["/srv/data/app.db", "/srv/shipped.db"]);
  });

  it("are no files of the settings", () => {
    expect(writtenPaths("A /srv/.env\nA /srv/x\n", ["/srv/.env"])).toEqual(["/srv/x"]);
  });

  it("are no caches, which programs make again", () => {
    const caches = [
      "/tmp/x",
      "/run/secrets/JWT_SECRET",
      "/var/tmp/x",
      "/app/__pycache__/app.cpython-313.pyc",
      "/home/app/.cache/huggingface/model",
      "/app/gunicorn.pid",
      "/usr/sbin/docker-init",
    ];
    expect(writtenPaths(caches.map((path) => `A ${path}`).join("\n"))).toEqual([]);
  });

  it("may have blanks in their names", () => {
    expect(writtenPaths("A /srv/two words.txt\n")).toEqual(["/srv/two words.txt"]);
  });
});

describe("the folders of files", () => {
  it("are named once, without those below them", () => {
    expect(foldersOf(["/srv/data/a", "/srv/data/b", "/srv/data/more/c", "/srv/database/d"])).toEqual([
      { path: "/srv/data", example: "/srv/data/b" },
      { path: "/srv/database", example: "/srv/database/d" },
    ]);
    expect(foldersOf(["/app.db"])).toEqual([{ path: "/", example: "/app.db" }]);
  });
});
