import { z } from "zod";
import type { Command, RestoreOptions } from "../core/operation.ts";

const name = z
  .string()
  .min(1)
  .max(255)
  .optional()
  .meta({ description: "Of the new container; the old one's, if absent." });
const volumes = z
  .enum(["same", "new", "replace"])
  .optional()
  .meta({
    description:
      "`same`, if absent: under their own names, where nobody has these. `new`: under names of their own, beside what there is. " +
      "`replace`: in place of the container and the volumes that are there, which are backed up before.",
  });

/** What a preview of a restore takes. */
export const restoreQuery = { name, volumes };

/** What a restore takes. */
export const restoreBody = {
  name,
  volumes,
  ports: z
    .record(z.string().regex(/^\d{1,5}\/(?:tcp|udp|sctp)$/), z.string().regex(/^\d{1,5}(?:-\d{1,5})?$/))
    .optional()
    .meta({ description: 'Ports of the host in place of those of the backup: `{ "80/tcp": "8081" }`.' }),
  start: z.boolean().optional().meta({
    description:
      "As it was when the backup was made, if absent; but a copy that can write to directories of the original is not started then.",
  }),
};
type Asked = z.output<z.ZodObject<typeof restoreBody>>;

/** How a backup is to be restored. */
export function restoreOptionsFrom({ volumes: kind, ports, start }: Omit<Asked, "name">): RestoreOptions {
  return {
    ...(kind === undefined ? {} : { volumes: kind }),
    ...(ports === undefined ? {} : { ports }),
    ...(start === undefined ? {} : { start }),
  };
}

/** The restore of `file`, a backup of `container`. */
export function restoreCommandFrom(
  file: string,
  container: string,
  { name: wanted, ...asked }: Asked,
): Extract<Command, { readonly kind: "restore" }> {
  return { kind: "restore", container: wanted ?? container, file, ...restoreOptionsFrom(asked) };
}
