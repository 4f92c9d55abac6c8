import { spawn } from "node:child_process";
import { readFile, realpath } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { debianRoot } from "./bed/debian-root.ts";
import { findProgram, run } from "./bed/programs.ts";
import { type TarMember, tarOf } from "./bed/tar.ts";

/** What Gangway's image can be built on where no image registry is reachable. */
export const baseImage = "debian:gangway";
/** Has the docker CLI and compose in it. */
export const toolsImage = "debian:tools";
/** Stands in for the public image of this name, as far as `docker-compose.yml` relies on it. */
const brokerImage = "eclipse-mosquitto:2";

/**
 * Gives an engine these three images, made of Debian's packages, the Node.js that runs this and the machine's npm with
 * the registry that it is set to.
 */
export async function importImages(docker: Docker): Promise<void> {
  await importTools(docker);
  const npm = await npmDirectory();
  await extend(docker, baseImage, [
    [tarOfDirectory(dirname(process.execPath), basename(process.execPath)), "/usr/local/bin"],
    [tarOfDirectory(dirname(npm), basename(npm)), "/usr/local/lib"],
    [Readable.from([tarOf(await npmSettings())]), "/usr/local"],
  ]);
  const broker = { path: "mosquitto-no-auth.conf", content: "listener 1883\nallow_anonymous true\n", mode: 0o644 };
  await extend(docker, brokerImage, [[Readable.from([tarOf([broker])]), "/"]]);
}

/** Gives an engine `toolsImage` alone. */
export async function importTools(docker: Docker): Promise<void> {
  const root = await debianRoot("trixie", console.error, ["docker-cli", "docker-compose", "mosquitto"]);
  const importing = await docker.importImage(tarOfDirectory(root, "."), { repo: "debian", tag: "tools" });
  const said = await text(importing);
  if (said.includes("errorDetail")) throw new Error(`the engine failed: ${said}`);
}

type Addition = readonly [archive: NodeJS.ReadableStream, directory: string];

/** Makes an image of `toolsImage` and what the archives hold. */
async function extend(docker: Docker, reference: string, additions: readonly Addition[]): Promise<void> {
  const container = await docker.createContainer({ Image: toolsImage, Cmd: ["true"] });
  for (const [archive, path] of additions) await container.putArchive(archive, { path });
  const [repo, tag] = reference.split(":");
  await container.commit({ repo, tag });
  await container.remove();
}

function tarOfDirectory(parent: string, name: string): NodeJS.ReadableStream {
  return spawn("tar", ["--create", "--directory", parent, name], { stdio: ["ignore", "pipe", "inherit"] }).stdout;
}

async function npmDirectory(): Promise<string> {
  const program = findProgram("npm");
  if (program === undefined) throw new Error("there is no npm here");
  // …/npm/bin/npm-cli.js
  return dirname(dirname(await realpath(program)));
}

/** Which registry this machine's npm asks, and the certificates by which it knows it; no credentials. */
async function npmSettings(): Promise<readonly TarMember[]> {
  const setting = async (name: string) => (await run("npm", ["config", "get", name])).trim();
  const cafile = await setting("cafile");
  const certificates = cafile === "null" ? process.env["NODE_EXTRA_CA_CERTS"] : cafile;
  const trust = certificates === undefined ? [] : [{ path: "etc/npm.pem", content: await readFile(certificates) }];
  const lines = [`registry=${await setting("registry")}`, ...trust.map(({ path }) => `cafile=/usr/local/${path}`)];
  return [
    { path: "bin/npm", content: { linkTo: "../lib/npm/bin/npm-cli.js" } },
    { path: "etc/npmrc", content: `${lines.join("\n")}\n` },
    ...trust,
  ];
}
