import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elapsed } from "../../cli/ui/text.ts";
import { docker } from "../../host/docker.ts";
import { projectDir } from "../../host/paths.ts";
import { stack } from "../bench/checkout.ts";
import { shell } from "../bench/measure.ts";
import type { Fault, World } from "./world.ts";

const dockerRestarts: Fault = {
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
      projectDir,
    );
    return "";
  },
};

/** Free MiB on the store's small disk before the fault fills it. */
const freeMiB = 64;

const diskFull = (service: string): Fault => ({
  name: `disk of ${service} full`,
  promise:
    "Writes get an error with the reason, and questions still get answers. With free space the stack recovers without help.",
  strike: async (world) => {
    const { checkout } = world;
    const format = '{{range .Mounts}}{{if eq .Type "volume"}}{{.Source}}{{end}}{{end}}';
    const { Id } = await checkout.container(service);
    const volume = (await docker("inspect", "--format", format, Id)).trim();
    const folder = mkdtempSync(join(tmpdir(), "ragdock-small-disk-"));
    // During the fault, the volume has another folder, so `up` would refuse it without CONFIRM.
    const confirmed = `CONFIRM=${stack}`;
    await checkout.make("down");
    try {
      await shell("moving the data to a small disk", moveOnto(volume, folder), folder);
      await checkout.make("up", confirmed);
      await shell(
        "filling the disk",
        `dd if=/dev/zero of='${volume}/filler' bs=1M 2>/dev/null || true`,
        folder,
      );
      const told = await fillWithUploads(world);
      await shell("making space", `rm '${volume}/filler'`, folder);
      return `${told}; healthy ${elapsed(await world.healed())} after there was space`;
    } finally {
      await checkout.make("down");
      await shell("moving the data back", moveBack(volume, folder), folder);
      rmSync(folder, { recursive: true });
      await checkout.make("up", confirmed);
    }
  },
});

/** The faults of the machine. They need root, and restart all containers of the machine. */
export const machineFaults: readonly Fault[] = [diskFull("postgres"), dockerRestarts];

/** Returns a script that mounts a small file system with the data over the volume's folder. */
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
async function fillWithUploads(world: World): Promise<string> {
  for (let number = 0; number < 200; number++) {
    // The upload uses space but little time, because the worker notices at once that it is not a
    // valid document.
    const content = [`%PDF-1.7 ${number}\n`, randomBytes(2 ** 20)];
    const answer = await world.post(new File(content, `filler-${number}.pdf`, { type: "application/pdf" }));
    if (answer.status === 202) continue;
    return `upload: ${answer.status} ${(await answer.text()).slice(0, 160)}; a question: ${await world.ask()}`;
  }
  return "nothing was refused";
}
