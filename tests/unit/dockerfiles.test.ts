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

it("an application without a Dockerfile gets uvicorn as the lock pins it", () => {
  const own = pins(readFileSync("dockerfiles/fastapi/Dockerfile", "utf8"));
  expect(Object.keys(own).map((pin) => pin.split("==")[0])).toEqual(["click", "h11", "uvicorn"]);
  expect(pins(readFileSync("app/requirements.lock", "utf8"))).toMatchObject(own);
});
