import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elapsed } from "../../cli/ui/text.ts";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { stack } from "../bench/checkout.ts";
import { run, secondsOf } from "../bench/measure.ts";
import type { Fault, World } from "./world.ts";

/**
 * Returns the faults of the machine. They need root. The restart of Docker affects all other
 * containers on the machine.
 */
export const machineFaults = (): Fault[] => [diskFull("postgres"), dockerRestarts()];

const shell = async (what: string, script: string): Promise<string> => {
  const ran = await run(["bash", "-euo", "pipefail", "-c", script], { cwd: projectDir, timeoutSeconds: 120 });
  secondsOf(what, ran);
  return ran.output;
};

function dockerRestarts(): Fault {
  return {
    name: "Docker restarted",
    promise: "Every container starts again without help. No acknowledged document is lost.",
    strike: async () => {
      // Restarts Docker as an upgrade does. Without systemd, the pid file has its process id.
      const pid = readFileSync("/run/docker.pid", "utf8").trim();
      await shell(
        "restarting Docker",
        `if [ -d /run/systemd/system ]; then systemctl restart docker
         else kill ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.2; done; fi
         tools/setup.sh >/dev/null`,
      );
      return "";
    },
  };
}

/** Free MiB on the store's small disk before the fault fills it. */
const freeMiB = 64;

function diskFull(service: string): Fault {
  return {
    name: `disk of ${service} full`,
    promise:
      "Writes get an error with the reason, and answers continue. With free space the stack recovers without help.",
    strike: async (world) => {
      const volume = await volumeOf(world, service);
      const folder = mkdtempSync(join(tmpdir(), "ragdock-small-disk-"));
      const make = async (target: string, ...args: string[]): Promise<void> => {
        secondsOf(`make ${target}`, await world.checkout.make(target, ...args));
      };
      // The volume's folder is another one for a while, and `up` would refuse it without CONFIRM.
      const confirmed = `CONFIRM=${stack}`;
      await make("down");
      try {
        await shell("moving the data to a small disk", moveOnto(volume, folder));
        await make("up", confirmed);
        await shell("filling the disk", `dd if=/dev/zero of='${volume}/filler' bs=1M 2>/dev/null || true`);
        const told = await fillWithUploads(world);
        await shell("making space", `rm '${volume}/filler'`);
        return `${told}; healthy ${elapsed(await world.healed())} after there was space`;
      } finally {
        await make("down");
        await shell("moving the data back", moveBack(volume, folder));
        rmSync(folder, { recursive: true });
        await make("up", confirmed);
      }
    },
  };
}

async function volumeOf({ checkout }: World, service: string): Promise<string> {
  const container = (await checkout.containers()).find((c) => c.Config.Labels["ragdock.service"] === service);
  if (!container) throw new Error(`there is no ${service}`);
  const format = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Source}}{{end}}{{end}}';
  return (await docker("inspect", "--format", format, container.Id)).trim();
}

/**
 * Returns a script that mounts a small file system over the volume's folder, with a copy of the
 * data.
 */
const moveOnto = (volume: string, folder: string): string => `
  size=$(( $(du -sm '${volume}' | cut -f1) + ${freeMiB} ))
  truncate -s "\${size}M" '${folder}/disk'
  mkfs.ext4 -q -m 0 '${folder}/disk'
  mkdir '${folder}/mount'
  mount -o loop '${folder}/disk' '${folder}/mount'
  rmdir '${folder}/mount/lost+found'
  cp -a '${volume}/.' '${folder}/mount/'
  umount '${folder}/mount'
  mount -o loop '${folder}/disk' '${volume}'`;

/** Returns a script that copies the data back into the volume. */
const moveBack = (volume: string, folder: string): string => `
  if mountpoint -q '${volume}'; then
    umount '${volume}'
    mount -o loop '${folder}/disk' '${folder}/mount'
    rm -rf '${folder}/mount/filler' '${folder}/mount/lost+found'
    find '${volume}' -mindepth 1 -delete
    cp -a '${folder}/mount/.' '${volume}/'
    umount '${folder}/mount'
  fi`;

/** Uploads documents until one is refused. Returns that answer, and the status of a question. */
async function fillWithUploads({ checkout }: World): Promise<string> {
  const url = `http://127.0.0.1:${checkout.port}/api`;
  for (let number = 0; number < 200; number++) {
    const form = new FormData();
    // The upload takes space and little time: the worker finds at once that it is no valid
    // document.
    const content = [`%PDF-1.7 ${number}\n`, randomBytes(2 ** 20)];
    form.set("file", new Blob(content, { type: "application/pdf" }), `filler-${number}.pdf`);
    const answer = await fetch(`${url}/documents`, { method: "POST", body: form });
    if (answer.status === 202) continue;
    const asked = await fetch(`${url}/query`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ question: "What does crate 1 hold?", k: 1 }),
    });
    return `upload: ${answer.status} ${(await answer.text()).slice(0, 160)}; a question: ${asked.status}`;
  }
  return "nothing was refused";
}
