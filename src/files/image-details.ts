import { z } from "zod";
import type { ImageDetails as Details } from "../core/image-version.ts";

/** What an image says of itself, as it is kept in files. */
export const ImageDetails = z.strictObject({
  version: z.string().exactOptional(),
  base: z.string().exactOptional(),
  revision: z.string().exactOptional(),
  source: z.string().exactOptional(),
  url: z.string().exactOptional(),
  created: z.string().exactOptional(),
}) satisfies z.ZodType<Details>;
