import { setTimeout as timer } from "node:timers/promises";
import type Docker from "dockerode";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Backups, contentOf, openBackups } from "../backup-bed.ts";
import { type Bed, openBed } from "../bed/bed.ts";
import { runContainer, untilLogged } from "../bed/containers.ts";
import { importPostgresql, postgresqlImage, sql, writeUntilItEnds } from "../bed/postgresql.ts";

/* A database that is written to while it is backed up. */

let bed: Bed;
let docker: Docker;
let backups: Backups;

beforeAll(async () => {
  bed = await openBed({ engine: true });
  docker = bed.engine.docker;
  await importPostgresql(docker, console.log);
  backups = await openBackups(bed);
});
afterAll(() => bed?.[Symbol.asyncDispose]());

const options = { StopSignal: "SIGINT", HostConfig: { Binds: ["rows:/data"] } };
const ready = "ready to accept connections";

it("a database that four clients write to is restored with every row that was acknowledged, and after an orderly end", async () => {
  const container = await runContainer(docker, "db", postgresqlImage, options);
  await untilLogged(container, ready, 60_000);
  await sql(docker, "db", "create table entry (id bigserial primary key, writer int, filler text)");
  const writers = [1, 2, 3, 4].map((writer) => writeUntilItEnds(docker, "db", writer));
  await timer(3_000);

  const { message } = await backups.backUp("db");

  const acknowledged = (await Promise.all(writers)).flat();
  expect(acknowledged.length).toBeGreaterThan(100);
  const file = /\S+\.tar\.zst/.exec(message)?.[0] ?? "";
  // The original goes on meanwhile, and what it does now is none of the copy's business.
  await untilLogged(docker.getContainer("db"), ready);
  await sql(docker, "db", "delete from entry");
  await backups.restore({ container: "copy", file, volumes: "new" });
  await untilLogged(docker.getContainer("copy"), ready);

  const found = new Set((await sql(docker, "copy", "select id from entry")).split("\n"));
  expect(acknowledged.filter((id) => !found.has(id))).toEqual([]);
  expect(await sql(docker, "copy", "select count(*) from entry where length(filler) <> 500")).toBe("0");
  const log = String(await docker.getContainer("copy").logs({ stdout: true, stderr: true }));
  expect(log).toContain("database system was shut down at");
  expect(log).not.toMatch(/recovery|corrupt|PANIC/i);
  expect(await sql(docker, "db", "select count(*) from entry")).toBe("0");
});

it("a backup that is made live says what that means", async () => {
  await docker.getContainer("db").remove({ force: true });
  const Labels = { "gangway.backup.consistency": "live" };
  const container = await runContainer(docker, "db", postgresqlImage, { ...options, Labels });
  await untilLogged(container, ready);
  const started = (await container.inspect()).State.StartedAt;

  const { message } = await backups.backUp("db");

  const file = /\S+\.tar\.zst/.exec(message)?.[0] ?? "";
  const { plan } = await contentOf(`${backups.directory}/${file}`);
  expect(plan).toMatchObject({ consistency: "live", halted: [] });
  expect(plan.warnings.join(" ")).toMatch(/different moments/);
  expect((await container.inspect()).State.StartedAt).toBe(started);
});
