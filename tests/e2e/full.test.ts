/**
 * The main job of the system `full`, on a real engine: from nothing to answers, and everything a user does around it.
 * Runs on the embedded engine and with `images: packages`; does not prove what the Pulumi CLI or a registry does.
 */
import { afterAll, beforeAll, expect } from "vitest";
import { backups } from "./full/backups.ts";
import { browser } from "./full/browser.ts";
import { changes } from "./full/changes.ts";
import { stack } from "./full/context.ts";
import { documents } from "./full/documents.ts";
import { failures } from "./full/failures.ts";
import { load } from "./full/load.ts";
import { observed } from "./full/observed.ts";
import { releases } from "./full/releases.ts";

beforeAll(async () => {
  const { code, output } = await stack.make("up");
  expect(code, output).toBe(0);
});

afterAll(() => stack.remove());

// In this order: later groups use the documents of the first, and the last one deletes them.
documents();
browser();
observed();
backups();
load();
releases();
failures();
changes();
