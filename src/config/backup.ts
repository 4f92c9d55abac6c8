import { z } from "zod";
import { compressions, consistencies } from "../core/backup.ts";
import { cronExpression, section, text, wholeNumber, yesOrNo } from "./values.ts";

/** The section `backup`. */
export const Backup = z
  .strictObject(
    {
      dir: text("the path of a directory").exactOptional().meta({
        description:
          "Where backups are kept; `backups` in `data_dir`, if absent. With several engines, each has a directory of its own there, named after its node.",
      }),
      consistency: z.enum(consistencies, "stop, pause or live").prefault("stop").meta({
        description:
          "What becomes of the containers that can write to the data while it is read: `stop`, `pause`, or `live` for nothing, with data that may be of different moments. The label `gangway.backup.consistency` wins.",
      }),
      compression: z
        .enum(compressions, "zstd, gzip or none")
        .prefault("zstd")
        .meta({ description: "How backups are compressed: `zstd`, `gzip` or `none`." }),
      schedule: cronExpression().exactOptional().meta({
        description: "When all watched containers are backed up, as a cron expression; never, if absent.",
      }),
      keep: wholeNumber(1, 1000)
        .prefault(5)
        .meta({ description: "How many backups of each container stay: 1 to 1000." }),
      restore_by_mqtt: yesOrNo().prefault(false).meta({
        description:
          "Obey the MQTT command `restore`. Off by default: whoever can publish could put old data in place of the present.",
      }),
      keep_days: wholeNumber(1, 3650).exactOptional().meta({
        description: "How many days backups stay at most; the newest one of each container always stays.",
      }),
      upload_limit_gb: wholeNumber(1, 1_000_000).prefault(100).meta({
        description: "How large an uploaded backup may be, in gigabytes: 1 to 1000000.",
      }),
    },
    section,
  )
  .prefault({})
  .meta({ description: "Backups of containers and their volumes." });
