import { describe, expect, it } from "vitest";
import { capturedImage } from "../../test/captures.ts";
import {
  type Comparison,
  compareImages,
  contentOf,
  digestsOf,
  type LocalImage,
  localImageFrom,
  type RemoteImage,
} from "./image-identity.ts";

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [index, newIndex, manifest, newManifest, config, newConfig] = ["1", "2", "3", "4", "5", "6"].map(digest) as [
  string,
  string,
  string,
  string,
  string,
  string,
];
const amd64 = { os: "linux", architecture: "amd64" };

/** The same image in both stores, pulled by its index. */
const classic: LocalImage = { id: config, repoDigests: [`app@${index}`], platform: amd64, layerCount: 2, content: "x" };
const untold: LocalImage = { ...classic, id: index, isDigestId: true };
const told: LocalImage = { ...untold, manifest };

const forgotten: LocalImage = { id: index, repoDigests: [], platform: amd64, isDigestId: true };

type Image = Extract<RemoteImage, { kind: "image" }>;
const remote = (more: Partial<Image> = {}): RemoteImage => ({
  kind: "image",
  manifest,
  isStated: true,
  isConfigRead: false,
  details: {},
  ...more,
});
const other = { manifest: newManifest, config: newConfig, layerCount: 2 };
const same = { kind: "same", by: "content" } as const;
const different = { kind: "different" } as const;
const open = (needs: "digest" | "manifest" | "config") => ({ kind: "open", needs }) as const;

describe("compareImages", () => {
  it.each<[string, LocalImage]>([
    ["its index", classic],
    ["any digest of several", { ...classic, repoDigests: [`app@${newManifest}`, `app@${index}`] }],
    [
      "a digest that it has from another repository: the content is the same",
      { ...classic, repoDigests: [`b@${index}`] },
    ],
    ["its id, in the containerd store", { ...untold, repoDigests: [] }],
  ])("takes the same digest for the same image without another question: %s", (_, local) => {
    expect(compareImages(local, index, undefined)).toEqual({ kind: "same", by: "digest" });
  });

  it("does not take the id of the classic store for a digest", () => {
    expect(compareImages(classic, config, undefined)).toEqual(open("digest"));
  });

  it.each<[string, LocalImage, RemoteImage | undefined, Comparison]>([
    ["nothing is known of the digest", classic, undefined, open("digest")],
    ["classic: only the manifest's digest is known", classic, remote(), open("manifest")],
    ["classic: the configuration is the same", classic, remote({ config }), same],
    ["classic: the manifest is another, with the same configuration", classic, remote({ ...other, config }), same],
    ["classic: the configuration is another", classic, remote(other), different],
    [
      "classic: it was pulled by the platform's manifest",
      { ...classic, repoDigests: [`app@${manifest}`] },
      remote(),
      same,
    ],
    [
      "single manifest: another, and nobody knows for which platform",
      classic,
      remote({ ...other, isStated: false }),
      open("config"),
    ],
    [
      "single manifest: another, and read",
      classic,
      remote({ ...other, isStated: false, isConfigRead: true }),
      different,
    ],
    ["containerd: the engine tells the same manifest", told, remote(), same],
    ["containerd: the engine tells another manifest", told, remote({ manifest: newManifest }), different],
    ["old containerd: nothing but the content can tell", untold, remote({ ...other, config }), open("config")],
    ["old containerd: another number of layers", untold, remote({ ...other, layerCount: 3 }), different],
    ["old containerd: the same content", untold, remote({ ...other, isConfigRead: true, content: "x" }), same],
    ["old containerd: other content", untold, remote({ ...other, isConfigRead: true, content: "y" }), different],
    ["old containerd: the content could not be read", untold, remote({ ...other, isConfigRead: true }), different],
    [
      "containerd: another manifest with the same content",
      told,
      remote({ ...other, isConfigRead: true, content: "x" }),
      same,
    ],
    ["old containerd: the engine has forgotten it", forgotten, remote(other), { kind: "incomparable" }],
    [
      "the platform is gone",
      classic,
      { kind: "no_platform", platforms: ["linux/arm64"] },
      { kind: "no_platform", platforms: ["linux/arm64"] },
    ],
    ["it is no image any more", classic, { kind: "artifact" }, { kind: "artifact" }],
  ])("%s", (_, local, known, expected) => {
    expect(compareImages(local, newIndex, known)).toEqual(expected);
  });
});

describe("contentOf", () => {
  const content = {
    layers: ["a", "b"],
    created: "2026-03-01T12:00:00Z",
    config: { Cmd: ["run"], Labels: { a: "1", b: "2" } },
  };

  it.each([
    ["another spelling of the time", { created: "2026-03-01T12:00:00.000000000Z" }],
    ["another order of the labels", { config: { Cmd: ["run"], Labels: { b: "2", a: "1" } } }],
    ["what is empty instead of missing", { config: { ...content.config, Env: null, Entrypoint: [], User: "" } }],
  ])("is the same with %s", (_, change) => {
    expect(contentOf({ ...content, ...change })).toBe(contentOf(content));
  });

  it.each([
    ["other layers", { layers: ["b", "a"] }],
    ["another time", { created: "2026-03-01T12:00:01Z" }],
    ["another command", { config: { ...content.config, Cmd: ["walk"] } }],
    ["another entrypoint", { config: { ...content.config, Entrypoint: ["x"] } }],
    ["another variable", { config: { ...content.config, Env: ["A=1"] } }],
    ["another label", { config: { ...content.config, Labels: { a: "1" } } }],
    ["another user", { config: { ...content.config, User: "1" } }],
  ])("is another with %s", (_, change) => {
    expect(contentOf({ ...content, ...change })).not.toBe(contentOf(content));
  });
});

describe("localImageFrom", () => {
  it("reads what the engine says of an image", () => {
    const image = localImageFrom(capturedImage("1"));

    expect(image).toMatchObject({ platform: amd64, layerCount: 2, details: { version: "1" }, repoTags: ["app:1"] });
    expect(image).not.toHaveProperty("origin");
    expect(digestsOf(image)).toEqual([]);
  });

  it("knows where an image came from where the engine remembers it", () => {
    const origin = (Identity: object) => localImageFrom({ ...capturedImage("1"), Identity }).origin;

    expect(origin({ Build: [{ Ref: "x" }] })).toEqual({ isBuilt: true, repositories: [] });
    expect(origin({ Pull: [{ Repository: "docker.io/library/app" }] })).toEqual({
      isBuilt: false,
      repositories: ["docker.io/library/app"],
    });
  });
});
