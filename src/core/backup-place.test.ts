import { describe, expect, it } from "vitest";
import { destinationsOfHostPath, hostPathOf } from "./backup-place.ts";
import type { MountPoint } from "./inspect.ts";

const mount = (Type: string, Source: string, Destination: string): MountPoint => ({
  Type,
  Source,
  Destination,
  RW: true,
});
const volume = mount("volume", "/var/lib/docker/volumes/data/_data", "/data");

describe("where the backups are on the host", () => {
  it.each<readonly [string, string, readonly MountPoint[], string | undefined]>([
    ["in a volume", "/data/backups", [volume], "/var/lib/docker/volumes/data/_data/backups"],
    ["in a bind of their own in a volume", "/data/backups", [volume, mount("bind", "/b", "/data/backups")], "/b"],
    ["in the root", "/data/backups", [mount("bind", "/", "/data")], "/backups"],
    ["beside what is mounted", "/database", [volume], undefined],
    ["in memory", "/data", [mount("tmpfs", "", "/data")], undefined],
  ])("%s", (_, directory, Mounts, expected) => {
    expect(hostPathOf(directory, { Mounts })).toBe(expected);
  });
});

describe("where a container sees a directory of the host", () => {
  it.each<readonly [string, MountPoint, boolean]>([
    ["in the directory above", mount("bind", "/srv", "/x"), true],
    ["in the root", mount("bind", "/", "/x"), true],
    ["as it is", mount("bind", "/srv/backups", "/x"), true],
    ["a part of it", mount("bind", "/srv/backups/nas", "/x"), true],
    ["as a volume", mount("volume", "/srv", "/x"), true],
    ["not beside it", mount("bind", "/srv/backup", "/x"), false],
    ["not in memory", mount("tmpfs", "", "/x"), false],
  ])("%s", (_, mounted, isSeen) => {
    expect(destinationsOfHostPath("/srv/backups", [mounted])).toEqual(isSeen ? ["/x"] : []);
  });
});
