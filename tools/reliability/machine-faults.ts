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

/** Faults of the machine itself: they need root, and the engine's restart hits whatever else runs on it. */
export const machineFaults = (): Fault[] => [diskFull("postgres"), engineRestarts()];

const shell = async (what: string, script: string): Promise<string> => {
  const ran = await run(["bash", "-euo", "pipefail", "-c", script], { cwd: projectDir, timeoutSeconds: 120 });
  secondsOf(what, ran);
  return ran.output;
};

function engineRestarts(): Fault {
  return {
    name: "the engine restarted",
    promise: "every container comes back by itself; nothing acknowledged is lost",
    strike: async () => {
      // As an upgrade of the engine does it; without systemd the pid file knows it.
      const pid = readFileSync("/run/docker.pid", "utf8").trim();
      await shell(
        "restarting the engine",
        `if [ -d /run/systemd/system ]; then systemctl restart docker
         else kill ${pid}; while kill -0 ${pid} 2>/dev/null; do sleep 0.2; done; fi
         tools/setup.sh >/dev/null`,
      );
      return "";
    },
  };
}

/** MiB that are free on the store's small disk before it is filled. */
const freeMiB = 64;

function diskFull(service: string): Fault {
  return {
    name: `the disk under ${service} full`,
    promise: "writes are refused in words, answers go on; with space again all goes on by itself",
    strike: async (world) => {
      const volume = await volumeOf(world, service);
      const folder = mkdtempSync(join(tmpdir(), "ragdock-small-disk-"));
      const make = async (target: string, ...args: string[]): Promise<void> => {
        secondsOf(`make ${target}`, await world.checkout.make(target, ...args));
      };
      // The volume's folder is another one for a while, and `up` would not take it without a word.
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

/** A file system of its own, in a file, hides the volume's folder, with all that is in there copied. */
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

/** What was written there since comes back into the volume. */
const moveBack = (volume: string, folder: string): string => `
  if mountpoint -q '${volume}'; then
    umount '${volume}'
    mount -o loop '${folder}/disk' '${folder}/mount'
    rm -rf '${folder}/mount/filler' '${folder}/mount/lost+found'
    find '${volume}' -mindepth 1 -delete
    cp -a '${folder}/mount/.' '${volume}/'
    umount '${folder}/mount'
  fi`;

/** Uploads until one is refused; what was said then, and whether a question is still answered. */
async function fillWithUploads({ checkout }: World): Promise<string> {
  const url = `http://127.0.0.1:${checkout.port}/api`;
  for (let number = 0; number < 200; number++) {
    const form = new FormData();
    // Takes room and nobody's time: the worker finds at once that it is no document.
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
