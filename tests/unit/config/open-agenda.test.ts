/**
 * Tests the collection of events as plain data. systems/rag-events/tests/test_collect.py runs it
 * against a stand-in of Open Agenda.
 */
import { describe, expect, it } from "vitest";
import { outsideNetwork } from "../../../config/spec/networks.ts";
import { facts, serviceOf, systemWith } from "../../support/program.ts";
import { problems } from "./problems.ts";

const secrets = new Set(["openagendaKey"]);
const raw = { system: "rag-events", openAgenda: { agenda: 12_345_678 } };
const problemsOf = (settings: Record<string, unknown>, known = secrets) =>
  problems(settings, { secrets: known }).map((found) => `${found.path}: ${found.problem}`);

describe("events of Open Agenda", () => {
  it("are collected only if the settings name an agenda", () => {
    const names = systemWith({ system: "rag-events" }).services.map(({ name }) => name);
    expect(names).not.toContain("collector");
  });

  it("are collected every day, with the key in a file, on the volume of the index", () => {
    const system = systemWith(raw, { ...facts, secrets });
    const collector = serviceOf(system, "collector");
    expect(collector.environment).toMatchObject({
      OPENAGENDA_AGENDA: "12345678",
      OPENAGENDA_LANGUAGE: "fr",
      OPENAGENDA_PAST_SECONDS: "31536000",
      OPENAGENDA_EVERY_SECONDS: "86400",
      OPENAGENDA_KEY_FILE: "/run/secrets/openagenda-key",
    });
    expect(collector.files.map(({ path }) => path)).toContain("/run/secrets/openagenda-key");
    expect(collector.volumes).toEqual(serviceOf(system, "api").volumes);
    expect(collector.networks).toEqual([outsideNetwork]);
    expect(system.secrets["openagenda-key"]).toMatchObject({ from: "config", key: "openagendaKey" });
  });

  it("need their key, and the error has the command that sets it", () => {
    const [found] = problems(raw);
    expect(found?.path).toBe("ragdock:openagendaKey");
    expect(found?.fix).toContain("pulumi config set --secret ragdock:openagendaKey");
  });

  it.each([
    [{ agenda: "paris" }, "agenda: must be the number on the page of the agenda"],
    [{ agenda: 1, language: "french" }, "language: must be a language with two letters"],
    [{ agenda: 1, every: "5m" }, "every: must be from 10m to 30d"],
    [{ agenda: 1, every: "31d" }, "every: must be from 10m to 30d"],
  ])("are refused as %j", (openAgenda, words) =>
    expect(problemsOf({ ...raw, openAgenda })).toEqual([expect.stringContaining(words)]),
  );

  it("are refused in other systems", () =>
    expect(problemsOf({ ...raw, system: "m31" })).toEqual([
      "ragdock:openAgenda: m31 collects no events; only rag-events does",
    ]));
});
