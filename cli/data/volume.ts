import { docker } from "../../host/docker.ts";
import { exec, type Piped, pipe } from "../../host/pipe.ts";

/** Where the helper sees the volume. */
const here = "/data";

/** Longest life of a helper, in seconds: one that is forgotten ends by itself. */
const longest = 6 * 60 * 60;

/**
 * Freezes containers, copies, and lets them go on: also when this process is killed meanwhile, since the pipe then
 * breaks and the trap runs. The kernel's first freezer gives up where a process, such as a probe, is just being
 * started (cgroup v1, runc's "unable to freeze"): a moment later it works.
 */
const frozenCopy = `
set -euo pipefail
helper=$1; shift
trap 'for id; do docker unpause "$id"; done >/dev/null 2>&1' EXIT
for id; do
  for try in {1..20}; do
    said=$(docker pause "$id" 2>&1) && continue 2
    sleep 0.2
  done
  printf '%s\\n' "$said" >&2
  exit 1
done
docker exec "$helper" tar -C ${here} --numeric-owner --sparse -cf - .
`;

/** A volume, seen from a helper container that has the tools and no network. */
export class Volume {
  private readonly helper: string;

  private constructor(helper: string) {
    this.helper = helper;
  }

  /**
   * Works on a volume, and takes the helper away again.
   * @param image one that is on the engine: the service's own has sh, tar and find
   */
  static async open<T>(
    volume: string,
    image: string,
    access: "ro" | "rw",
    work: (volume: Volume) => Promise<T>,
  ): Promise<T> {
    const mount = `type=volume,source=${volume},target=${here},volume-nocopy${access === "ro" ? ",readonly" : ""}`;
    const rest = [
      "--label",
      "ragdock.helper=data",
      "--network",
      "none",
      "--user",
      "0",
      "--entrypoint",
      "sleep",
    ];
    const id = (
      await docker("run", "-d", "--rm", "--no-healthcheck", "--mount", mount, ...rest, image, String(longest))
    ).trim();
    try {
      return await work(new Volume(id));
    } finally {
      await docker("rm", "-f", id);
    }
  }

  /** Writes the files into an archive while `writers` stand still; requests to them wait that long. */
  async copy(file: string, writers: readonly string[]): Promise<Piped & { readonly seconds: number }> {
    const begun = performance.now();
    const piped = await pipe("bash", ["-c", frozenCopy, "bash", this.helper, ...writers], {
      output: file,
      detached: true,
    });
    return { ...piped, seconds: (performance.now() - begun) / 1000 };
  }

  /** Reads an archive from its first byte to its last. @returns how many entries it has */
  async check(file: string): Promise<number> {
    const { stdout } = await this.sh("tar -tf - | wc -l", { file });
    return Number(stdout);
  }

  /** Unpacks an archive beside what is there, and compares every file with it. */
  async unpack(file: string, folder: string): Promise<void> {
    await this.sh(`rm -rf '${here}/${folder}' && mkdir '${here}/${folder}'`);
    await this.sh(`tar -C '${here}/${folder}' --numeric-owner -xpf -`, { file });
    await this.compare(file, folder);
  }

  /** Throws when a folder's files are not those of an archive: contents, owner, mode and time. */
  async compare(file: string, folder: string): Promise<void> {
    await this.sh(`tar -C '${here}/${folder}' --numeric-owner --compare -f -`, { file });
  }

  /** Gives the volume the contents of one of its folders, and puts what was there into `old`; files of `own` stay. */
  async swap(folder: string, old: string, own: readonly string[]): Promise<void> {
    const kept = own.map((file) => `rm -f '${file}'; [ ! -e '${old}/${file}' ] || cp -p '${old}/${file}' .`);
    const all = `find . -mindepth 1 -maxdepth 1`;
    await this.sh(
      `set -e; cd ${here}; mkdir '${old}'; chmod --reference='${folder}' . ; chown --reference='${folder}' .
       ${all} ! -name '${old}' ! -name '${folder}' -exec mv -t '${old}' {} +
       cd '${folder}'; ${all} -exec mv -t .. {} +; cd ..; rmdir '${folder}'
       ${kept.join("\n")}`,
    );
  }

  async remove(folder: string): Promise<void> {
    await this.sh(`rm -rf '${here}/${folder}'`);
  }

  private sh(script: string, input?: { readonly file: string }): Promise<Piped> {
    return exec(this.helper, ["sh", "-c", script], input ? { input } : {});
  }
}
