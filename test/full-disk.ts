import { mkdir, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./bed/programs.ts";

/** A file system of its own that can be filled up. */
export interface SmallDisk extends AsyncDisposable {
  readonly fill: () => Promise<void>;
}

/** Mounts a small file system at `directory`, which is made. Takes root. */
export async function withFullDisk(directory: string): Promise<SmallDisk> {
  await mkdir(directory, { recursive: true });
  await run("mount", ["-t", "tmpfs", "-o", "size=512k,mode=0700", "tmpfs", directory]);
  return {
    fill: async () => {
      const { bavail, bsize } = await statfs(directory);
      await writeFile(join(directory, "filling"), Buffer.alloc(bavail * bsize));
    },
    [Symbol.asyncDispose]: async () => {
      await run("umount", ["--lazy", directory]);
    },
  };
}
