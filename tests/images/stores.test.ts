import { describe, expect, it } from "vitest";
import { docker } from "../../host/docker.ts";
import { imageNamed, standIn, withContainer, withVolume } from "../support/docker.ts";

describe("redis", () => {
  const healthcheck = imageNamed("redis").healthcheck ?? [];

  it("keeps its data when the container is replaced, as user 999 and without any capability", async () => {
    await withVolume(async (volume) => {
      const start = {
        options: ["-v", `${volume}:/data`],
        command: ["redis-server", "--appendonly", "yes"],
      };
      await withContainer("redis", start, async (container) => {
        await container.healthy(healthcheck);
        await container.exec("redis-cli", "set", "key", "value");
        expect(await container.stop()).toBe(0);
      });
      await withContainer("redis", start, async (container) => {
        await container.healthy(healthcheck);
        expect(await container.exec("redis-cli", "get", "key")).toBe("value");
      });
    });
  });

  it("answers other hosts, like the official image, and requires a password if one is set", async () => {
    const start = { command: ["--requirepass", "secret"] };
    await withContainer("redis", {}, async (open) => {
      await open.healthy(healthcheck);
      const address = (
        await docker("inspect", "--format", "{{.NetworkSettings.IPAddress}}", open.name)
      ).trim();
      await withContainer("redis", start, async (closed) => {
        await closed.healthy(healthcheck);
        expect(await closed.exec("redis-cli", "-h", address, "ping")).toBe("PONG");
        expect(await closed.exec("redis-cli", "ping")).toContain("NOAUTH");
      });
    });
  });
});

describe("chroma", () => {
  const healthcheck = imageNamed("chroma").healthcheck ?? [];

  it("works without a network, keeps its data, and stops on its stop signal", async () => {
    await withVolume(async (volume) => {
      const start = { options: ["--network", "none", "-v", `${volume}:/data`] };
      const collections =
        "http://127.0.0.1:8000/api/v2/tenants/default_tenant/databases/default_database/collections";
      const post = `import urllib.request as u; r = u.Request("${collections}", b'{"name": "books"}', {"content-type": "application/json"}); print(u.urlopen(r).status)`;
      const list = `import urllib.request as u; print(u.urlopen("${collections}").read().decode())`;
      await withContainer("chroma", start, async (container) => {
        await container.healthy(healthcheck);
        expect(await container.exec("python3", "-c", post)).toBe("200");
        expect(await container.stop()).not.toBe(137);
      });
      await withContainer("chroma", start, async (container) => {
        await container.healthy(healthcheck);
        expect(await container.exec("python3", "-c", list)).toContain('"books"');
      });
    });
  });

  it("fails its health check on any status except 200", async () => {
    const wrong = healthcheck.map((part) => part.replace("/api/v2/heartbeat", "/api/v9/nothing"));
    expect(wrong).not.toEqual(healthcheck);
    await withContainer("chroma", {}, async (container) => {
      await container.healthy(healthcheck);
      await expect(container.exec(...wrong)).rejects.toThrow();
    });
  });

  it("contains only the server, without the Python client and its models", async () => {
    const size = Number(await docker("image", "inspect", "--format", "{{.Size}}", await standIn("chroma")));
    expect(size).toBeLessThan(250e6);
  });
});
