/**
 * Tests which paths of `docker diff` count as files that an application has written.
 * tests/systems/web-and-worker.test.ts has a real container.
 */
import { describe, expect, it } from "vitest";
import { foldersOf, writtenPaths } from "../../../host/written-files.ts";

describe("the paths that an application has written", () => {
  it("are its added or changed files, without folders that contain more", () => {
    const diff =
      "C /srv\nA /srv/data\nA /srv/data/app.db\nC /srv/shipped.db\nD /srv/old\nC /etc\nC /etc/hosts\n";
    expect(writtenPaths(diff)).toEqual(["/srv/data/app.db", "/srv/shipped.db"]);
  });

  it("do not include files of the settings", () => {
    expect(writtenPaths("A /srv/.env\nA /srv/x\n", ["/srv/.env"])).toEqual(["/srv/x"]);
  });

  it("do not include caches", () => {
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
  it("are listed once, without their subfolders", () => {
    expect(foldersOf(["/srv/data/a", "/srv/data/b", "/srv/data/more/c", "/srv/database/d"])).toEqual([
      { path: "/srv/data", example: "/srv/data/b" },
      { path: "/srv/database", example: "/srv/database/d" },
    ]);
    expect(foldersOf(["/app.db"])).toEqual([{ path: "/", example: "/app.db" }]);
  });
});
