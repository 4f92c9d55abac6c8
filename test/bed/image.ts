import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { ImageConfig, Platform } from "../../src/core/inspect.ts";
import { findBusybox } from "./busybox.ts";
import { tarOf } from "./tar.ts";

/** What an image is to be. Equal specs give equal images, down to the digest. */
export interface ImageSpec {
  /** Is its content and its label `org.opencontainers.image.version`: another version, another digest. */
  readonly version: string;
  /** Members replace those of the default, which idles until SIGTERM and then ends at once. */
  readonly config?: ImageConfig;
  /** Files by their path in the image, without a leading slash. */
  readonly files?: Readonly<Record<string, string>>;
  /** This machine's, if absent. */
  readonly platform?: Platform;
}

/** An image as a registry and an engine take it. */
export interface Image {
  readonly config: Blob;
  /** Uncompressed tar archives, lowest first. */
  readonly layers: readonly Blob[];
  readonly platform: Platform;
}

export interface Blob {
  readonly bytes: Buffer;
  readonly digest: string;
}

/** What is in `/bin` beside busybox: links that make its applets commands. */
const applets =
  "cat chown date echo env false grep hostname httpd id kill ls mkdir mv nc ps rm sh sleep stat test touch true vi wc wget";

/**
 * Says `ready` when it would end at once on SIGTERM. Before, the signal is lost: the kernel gives a first process none
 * that it has no trap for. A shell only runs a trap between commands, or while it waits for a child in the background.
 */
export const idle = ["/bin/sh", "-c", "trap 'exit 0' TERM; echo ready; while :; do sleep 3600 & wait $!; done"];

/** Makes an image of busybox and what `spec` adds to it. */
export async function buildImage(spec: ImageSpec): Promise<Image> {
  const platform = spec.platform ?? hostPlatform();
  const layers = [await baseLayer(), versionLayer(spec)];
  const config = {
    created: "1970-01-01T00:00:00Z",
    ...platform,
    config: {
      Env: ["PATH=/bin"],
      Cmd: idle,
      Labels: { "org.opencontainers.image.version": spec.version },
      ...spec.config,
    },
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
    history: layers.map(() => ({ created: "1970-01-01T00:00:00Z" })),
  };
  return { config: blobOf(JSON.stringify(config)), layers, platform };
}

/** The platform of this machine, in the words of images. */
export function hostPlatform(): Platform {
  const architectures: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64", arm: "arm" };
  return { os: "linux", architecture: architectures[process.arch] ?? process.arch };
}

export function blobOf(content: string | Buffer): Blob {
  const bytes = Buffer.from(content);
  return { bytes, digest: `sha256:${createHash("sha256").update(bytes).digest("hex")}` };
}

async function baseLayer(): Promise<Blob> {
  const busybox = findBusybox();
  if (busybox === undefined) throw new Error("there is no static busybox here");
  const links = applets.split(" ").map((name) => ({ path: `bin/${name}`, content: { linkTo: "busybox" } }));
  return blobOf(
    tarOf([
      { path: "bin/", content: "" },
      { path: "bin/busybox", content: await readFile(busybox) },
      ...links,
      { path: "tmp/", content: "", mode: 0o1777 },
    ]),
  );
}

function versionLayer({ version, files = {} }: ImageSpec): Blob {
  const own = { "etc/version": version, ...files };
  return blobOf(tarOf(Object.entries(own).map(([path, content]) => ({ path, content }))));
}
