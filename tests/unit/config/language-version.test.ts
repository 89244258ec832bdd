import { expect, it } from "vitest";
import { chooseVersion } from "../../../config/services/source/version.ts";

it.each([
  [">=18", "24"],
  ["^20 || ^22", "22"],
  ["22.x", "22"],
  [">=18 <23", "22"],
  ["lts/*", "24"],
  ["~22.3.0", "22"],
  ["v20.11.1", "20"],
  ["!=24", "22"],
  ["<=22", "22"],
  ["16", undefined],
])("in the range %s is %s", (range, version) => {
  expect(chooseVersion({ range, from: ".nvmrc" }, ["24", "22", "20"])?.version).toBe(version);
});
