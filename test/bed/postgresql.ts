import { spawn } from "node:child_process";
import type Docker from "dockerode";
import { runIn } from "./containers.ts";
import { madeRoot } from "./debian-root.ts";

/** The image of Debian's PostgreSQL that `importPostgresql` gives an engine. */
export const postgresqlImage = "postgresql:debian";

/** Makes a cluster where there is none, and becomes the server; SIGINT is its fast end. */
const entry = `
set -e
bin=$(echo /usr/lib/postgresql/*/bin)
mkdir -p /run/postgresql && chown postgres /run/postgresql /data && chmod 0700 /data
[ -e /data/PG_VERSION ] || setpriv --reuid=postgres --regid=postgres --init-groups \\
  "$bin/initdb" -D /data --auth=trust --locale=C.UTF-8 >&2
exec setpriv --reuid=postgres --regid=postgres --init-groups "$bin/postgres" -D /data -c listen_addresses=
`;

/** Gives the engine an image of Debian's package `postgresql`, with its data in `/data`. */
export async function importPostgresql(docker: Docker, say: (line: string) => void): Promise<void> {
  const root = await madeRoot("trixie", "trixie-postgresql", ["postgresql"], say);
  const changes = [`ENTRYPOINT ${JSON.stringify(["/bin/sh", "-c", entry])}`];
  const tar = spawn("tar", ["-C", root, "--numeric-owner", "-c", "."], { stdio: ["ignore", "pipe", "inherit"] });
  const [repo, tag] = postgresqlImage.split(":");
  const answer = await docker.importImage(tar.stdout, { repo, tag, changes });
  for await (const _ of answer);
}

/** Runs SQL in a container of the image; gives what it says, without headings. Throws what the server says against it. */
export async function sql(docker: Docker, container: string, text: string): Promise<string> {
  const answer = await runIn(docker, container, ...psql, "-c", text);
  if (/^(?:psql: error|ERROR|FATAL):/m.test(answer)) throw new Error(answer);
  return answer;
}

const psql = ["psql", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-tA"] as const;

/** Inserts rows, each committed by itself, until the server goes away; gives the ids whose commit was acknowledged. */
export async function writeUntilItEnds(docker: Docker, container: string, writer: number): Promise<readonly string[]> {
  const insert = `insert into entry (writer, filler) values (${writer}, repeat(chr(120), 500)) returning id;`;
  const script = `while echo "${insert}"; do :; done | ${psql.join(" ")} -q`;
  const answer = await runIn(docker, container, "sh", "-c", script);
  return answer.match(/^\d+$/gm) ?? [];
}
