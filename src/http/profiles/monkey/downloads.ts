import { randomUUID } from "node:crypto";
import type { Clock } from "../../../lib/time.ts";

/** What somebody is about to download together. */
export interface Download {
  readonly files: readonly string[];
  readonly archive: string;
}

/** Container Monkey's three steps to a download of all; forgotten after an hour. */
export interface Downloads {
  readonly begin: (files: readonly string[]) => { readonly id: string } & Download;
  readonly get: (id: string) => Download | undefined;
  readonly end: (id: string) => void;
}

const keptMs = 3_600_000;
const most = 100;

export function createDownloads({ clock }: { readonly clock: Pick<Clock, "now" | "elapsed"> }): Downloads {
  const begun = new Map<string, Download & { readonly until: number }>();
  return {
    begin: (files) => {
      const id = randomUUID();
      const time = new Date(clock.now()).toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "_");
      const download = { files, archive: `all_backups_${time}.tar` };
      begun.set(id, { ...download, until: clock.elapsed() + keptMs });
      const [oldest] = begun.keys();
      if (begun.size > most && oldest !== undefined) begun.delete(oldest);
      return { id, ...download };
    },
    get: (id) => {
      const found = begun.get(id);
      if (found !== undefined && clock.elapsed() < found.until) return found;
      begun.delete(id);
      return undefined;
    },
    end: (id) => {
      begun.delete(id);
    },
  };
}
