/** What `net` and `push` read from a system. It does not test what Docker does. */
import { describe, expect, it } from "vitest";
import { buildsOf } from "../../../cli/commands/build.ts";
import { netText, requireService } from "../../../cli/commands/net.ts";
import { builtImages, requireRegistry } from "../../../cli/commands/push.ts";
import { declaredReaches } from "../../../cli/net/ports.ts";
import { imageMode } from "../../../components/image-plan.ts";
import { systemWith } from "../../support/program.ts";

const m31 = systemWith({ system: "m31", images: "packages" });
const mode = imageMode(m31, "ragdock", "ragdock/base:1");

describe("net", () => {
  const all = declaredReaches(m31);

  it("shows names, ports, networks, and who calls whom", () => {
    const text = netText(m31, all);
    expect(text).toMatch(/^web +redis:6379 +redis +yes$/m);
    expect(text).toMatch(/^redis +web:8000 +redis +no$/m);
    expect(text).toContain("From the Docker host: 127.0.0.1:8000 → ingress:8080");
    expect(text).toContain("To hosts outside of the stack: ingress");
  });

  it("refuses a service that the system does not have", () => {
    expect(() => requireService(m31, "redis")).not.toThrow();
    expect(() => requireService(m31, "redsi")).toThrow('m31 has no service "redsi"');
  });

  it("shows no connection from the ingress to a store", () =>
    expect(all.filter(({ from, to }) => from === "ingress" && to === "redis")).toEqual([]));
});

describe("push", () => {
  it.each(["registry.example.org/team", "localhost:5000", "ghcr.io/some-team/rag_1"])("takes %s", (text) =>
    expect(requireRegistry(`${text}/`)).toBe(text),
  );

  it.each([undefined, "", "https://ghcr.io/team", "Ghcr.io/team", "ghcr.io//team", "ghcr.io/team; ls"])(
    "refuses %j",
    (text) => expect(() => requireRegistry(text)).toThrow(/registry/i),
  );

  it("pushes each built image once, by default for all services", () => {
    const names = builtImages(m31, mode).map(({ name }) => name);
    expect(names.length).toBe(new Set(names).size);
    expect(names).toContain("m31-web");
    expect(builtImages(m31, mode, ["web"]).map(({ name }) => name)).toEqual(["m31-web"]);
    expect(() => builtImages(m31, mode, ["nope"])).toThrow('m31 has no service "nope"');
  });
});

it("build --no-cache makes an image after those that it is built on", () => {
  const image = m31.services.find(({ name }) => name === "web")?.image;
  const names = image ? buildsOf(image, mode) : [];
  expect(names.at(-1)).toBe("m31-web");
  expect(names).toContain("python");
});
