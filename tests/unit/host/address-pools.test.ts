import { describe, expect, it } from "vitest";
import type { Failure } from "../../../config/spec/failure.ts";
import { addressAdvice, freeSubnets, requireAddresses } from "../../../host/address-pools.ts";

const small = [{ Base: "10.201.0.0/22", Size: 24 }];

describe("the addresses of Docker", () => {
  it.each([
    ["are all free at first", [], 4],
    ["do not include a taken subnet", ["10.201.1.0/24"], 3],
    ["count a subnet once that two smaller networks share", ["10.201.1.0/25", "10.201.1.128/25"], 3],
    ["do not include what a larger network covers", ["10.201.2.0/23"], 2],
    ["are gone if one network covers them all", ["10.0.0.0/8"], 0],
    ["are not affected by networks elsewhere, or of IPv6", ["172.18.0.0/16", "fd00::/64"], 4],
  ])("%s", (_, taken, free) => expect(freeSubnets(taken, small)).toBe(free));

  it("come from all pools", () => {
    const pools = [...small, { Base: "10.202.0.0/16", Size: 24 }, { Base: "fd00:1::/48", Size: 64 }];
    expect(freeSubnets(["10.202.7.0/24"], pools)).toBe(4 + 255);
  });

  it("are those of 31 networks by default", () => {
    const networks = (count: number): string[] => [
      ...Array.from({ length: Math.min(count, 15) }, (_, at) => `172.${17 + at}.0.0/16`),
      ...Array.from({ length: Math.max(0, count - 15) }, (_, at) => `192.168.${at * 16}.0/20`),
    ];
    for (const pools of [undefined, null, []]) {
      expect(() => requireAddresses(7, networks(24), pools)).not.toThrow();
      expect(() => requireAddresses(7, networks(25), pools)).toThrow(
        "Docker has addresses for 6 more networks. The stack needs 7, and nothing was changed.",
      );
    }
  });

  it("are missing: the error has advice that works", () => {
    const advice = (): string => {
      try {
        requireAddresses(5, [], small);
        return "";
      } catch (error) {
        return (error as Failure).advice;
      }
    };
    expect(advice()).toContain("docker network prune");
    const [, line = ""] = /^ {2}(".*)$/m.exec(advice()) ?? [];
    const [pool] = JSON.parse(`{${line}}`)["default-address-pools"];
    expect(freeSubnets([], [{ Base: pool.base, Size: pool.size }])).toBe(256);
  });

  it("are missing at Docker: the error has the same advice", () => {
    const error = "could not find an available, non-overlapping IPv4 address pool among the defaults";
    expect(addressAdvice(`Unable to create network: ${error}`)).toContain("docker network prune");
    expect(addressAdvice("Unable to create network: no space left on device")).toBeUndefined();
  });
});
