import PQueue from "p-queue";
import { type Bed, openBed } from "../test/bed/bed.ts";
import { runContainer } from "../test/bed/containers.ts";
import type { DebianRelease } from "../test/bed/debian-root.ts";
import { publishImage, pullImage } from "../test/bed/images.ts";
import { type EngineEvents, watchEngine } from "./engine-events.ts";

/** An engine with many containers, a registry that has something newer for some of them, and a broker. */
export interface Lab extends AsyncDisposable {
  readonly bed: Bed;
  readonly names: readonly string[];
  /** How many image references the containers have between them. */
  readonly references: number;
  /** Those with a newer image. */
  readonly outdated: ReadonlySet<string>;
  /** `name` has been updated. */
  readonly updated: (name: string) => void;
  readonly events: EngineEvents;
}

export interface LabOptions {
  readonly containers: number;
  /** The machine's own release of the engine, if absent. */
  readonly release: DebianRelease | undefined;
  readonly say: (line: string) => void;
}

const mostReferences = 25;
const shareOutdated = 0.4;
const startedAtOnce = 4;
/** Idles, and takes no time to stop. */
const config = { Cmd: ["/bin/sleep", "1000000"], StopSignal: "SIGKILL" };

/** 25 repositories, each used by as many containers; 10 of them have got a newer image since. */
export async function openLab({ containers, release, say }: LabOptions): Promise<Lab> {
  await using undo = new AsyncDisposableStack();
  const engine = release === undefined ? true : { release };
  const bed = undo.use(await openBed({ engine, registry: true, broker: true, kind: "native", say }));
  const { docker } = bed.engine;
  const references = Math.min(mostReferences, containers);
  const repositories = Array.from({ length: references }, (_, index) => `lab/repository-${index + 1}`);
  say(`${references} images are published and pulled`);
  const images: string[] = [];
  for (const name of repositories) {
    const { reference } = await publishImage(bed.registry, { name, tag: "latest", version: `${name} 1`, config });
    await pullImage(docker, reference);
    images.push(reference);
  }
  say(`${containers} containers are started`);
  const names = Array.from({ length: containers }, (_, index) => `app-${String(index + 1).padStart(3, "0")}`);
  const queue = new PQueue({ concurrency: startedAtOnce });
  await Promise.all(
    names.map((name, index) => queue.add(() => runContainer(docker, name, images[index % references] ?? ""))),
  );
  const newer = Math.ceil(references * shareOutdated);
  for (const name of repositories.slice(0, newer)) {
    await publishImage(bed.registry, { name, tag: "latest", version: `${name} 2`, config });
  }
  const outdated = new Set(names.filter((_, index) => index % references < newer));
  const events = undo.use(await watchEngine(docker));
  const opened = undo.move();
  return {
    bed,
    names,
    references,
    outdated,
    updated: (name) => {
      outdated.delete(name);
    },
    events,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}
