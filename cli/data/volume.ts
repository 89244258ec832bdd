import { helperLabel } from "../../config/spec/stack.ts";
import { docker } from "../../host/docker.ts";
import { exec, type Piped, pipe } from "../../host/pipe.ts";

/** The mount path of the volume in the helper container. */
const here = "/data";

/** Seconds after which a forgotten helper container ends by itself. */
const longest = 6 * 60 * 60;

/**
 * Pauses containers, copies, and resumes them. They also resume when this process is killed,
 * because the pipe then breaks and the trap runs. With cgroup v1, a pause fails ("unable to
 * freeze") while a process starts, such as a health check. The pause is then tried again.
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

/** A volume, mounted in a helper container that has the tools and no network. */
export class Volume {
  private readonly helper: string;

  private constructor(helper: string) {
    this.helper = helper;
  }

  /**
   * Runs `work` on a volume, and removes the helper container.
   * @param image an image that Docker has: the service's own has sh, tar and find
   */
  static async open<T>(
    volume: string,
    image: string,
    access: "ro" | "rw",
    work: (volume: Volume) => Promise<T>,
  ): Promise<T> {
    const mount = `type=volume,source=${volume},target=${here},volume-nocopy${access === "ro" ? ",readonly" : ""}`;
    const alone = ["--label", helperLabel, "--network", "none", "--no-healthcheck"];
    const sleep = ["--user", "0", "--entrypoint", "sleep", image, String(longest)];
    const id = (await docker("run", "-d", "--rm", ...alone, "--mount", mount, ...sleep)).trim();
    try {
      return await work(new Volume(id));
    } finally {
      await docker("rm", "-f", "-v", id);
    }
  }

  /** Writes the files into an archive while `writers` are paused. Requests to them wait. */
  async copy(file: string, writers: readonly string[]): Promise<Piped & { readonly seconds: number }> {
    const begun = performance.now();
    const args = ["-c", frozenCopy, "bash", this.helper, ...writers];
    const piped = await pipe("bash", args, { output: file, detached: true });
    return { ...piped, seconds: (performance.now() - begun) / 1000 };
  }

  /** Reads a whole archive. @returns the number of its entries */
  async check(file: string): Promise<number> {
    return Number((await this.sh("tar -tf - | wc -l", { file })).stdout);
  }

  /**
   * Unpacks an archive into a folder of the volume. Throws if a file differs in content, owner,
   * mode or time.
   */
  async unpack(file: string, folder: string): Promise<void> {
    await this.sh(`rm -rf '${here}/${folder}' && mkdir '${here}/${folder}'`);
    await this.sh(`tar -C '${here}/${folder}' --numeric-owner -xpf -`, { file });
    await this.sh(`tar -C '${here}/${folder}' --numeric-owner --compare -f -`, { file });
  }

  /**
   * Moves the files of the volume to `old`, and those of `folder` to the top of the volume. The
   * files in `own` are not moved. The service may use those in `old` when it starts.
   */
  async swap(folder: string, old: string, own: readonly string[]): Promise<void> {
    const kept = own.map((file) => `rm -f '${file}'; [ ! -e '${old}/${file}' ] || cp -p '${old}/${file}' .`);
    const all = `find . -mindepth 1 -maxdepth 1`;
    await this.sh(
      `set -e; cd ${here}; mkdir '${old}'; chmod --reference='${folder}' . '${old}'; chown --reference='${folder}' . '${old}'
       ${all} ! -name '${old}' ! -name '${folder}' -exec mv -t '${old}' {} +
       cd '${folder}'; ${all} -exec mv -t .. {} +; cd ..; rmdir '${folder}'
       ${kept.join("\n")}`,
    );
  }

  async has(folder: string): Promise<boolean> {
    return (await this.sh(`[ ! -e '${here}/${folder}' ] || echo there`)).stdout !== "";
  }

  async remove(folder: string): Promise<void> {
    await this.sh(`rm -rf '${here}/${folder}'`);
  }

  private sh(script: string, input?: { readonly file: string }): Promise<Piped> {
    return exec(this.helper, ["sh", "-c", script], input ? { input } : {});
  }
}
