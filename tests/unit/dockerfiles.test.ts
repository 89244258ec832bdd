/** Tests that Dockerfiles which cannot read the lock of Python packages pin the same packages. */
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

/** Returns the pinned packages in a text, with their hashes: `name==version` → hashes. */
const pins = (text: string): Record<string, string[]> =>
  Object.fromEntries(
    [...text.matchAll(/([a-z0-9-]+==[0-9.]+)((?:[\s\\]+--hash=sha256:[0-9a-f]{64})+)/g)].map(
      ([, name = "", hashes = ""]) => [name, hashes.match(/[0-9a-f]{64}/g) ?? []],
    ),
  );

it("the builder of own applications has uv and the servers as the lock pins them", () => {
  const folder = "dockerfiles/application-builder";
  const [tools, servers] = ["tools.txt", "servers.txt"].map((file) =>
    pins(readFileSync(`${folder}/${file}`, "utf8")),
  );
  const names = (pinned = {}) => Object.keys(pinned).map((pin) => pin.split("==")[0]);
  expect(names(tools)).toEqual(["uv"]);
  expect(names(servers)).toEqual(["click", "gunicorn", "h11", "packaging", "uvicorn"]);
  expect(pins(readFileSync("app/requirements.lock", "utf8"))).toMatchObject({ ...tools, ...servers });
});
