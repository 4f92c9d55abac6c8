import { z } from "zod";
import { section, tagName, tagPattern, text, yesOrNo } from "./values.ts";

/** An entry of the section `images`. */
export const Image = z.strictObject(
  {
    image: text("an image such as nginx, nginx:1.* or ghcr.io/**").meta({
      description:
        "The image as containers name it, with or without tag, or a pattern: `nginx`, `nginx:1.*`, `ghcr.io/**`. Of several that match, the first that says something counts.",
    }),
    auto_update: yesOrNo().exactOptional().meta({
      description: "Install updates of this image automatically, or not; wins over `update.auto.enabled`.",
    }),
    tags: z
      .strictObject(
        {
          regex: tagPattern().meta({
            description:
              "Which of the image's tags name versions, as a regular expression: `^[0-9]+\\.[0-9]+\\.[0-9]+$`. `gangway check --suggest IMAGE` proposes some. A container whose own tag is such a version is updated to newer ones; of others, such as `latest`, the version is shown.",
          }),
          base_tag: tagName().exactOptional().meta({
            description:
              "The tag that says which version is the newest: the one with the same digest, such as that of `latest`. Without it, the newest is told by the versions' order.",
          }),
        },
        section,
      )
      .exactOptional()
      .meta({ description: "Versions in tags." }),
    cleanup: yesOrNo().exactOptional().meta({
      description: "Remove old images of it after an update, or not; wins over `update.cleanup.old_images`.",
    }),
  },
  section,
);
