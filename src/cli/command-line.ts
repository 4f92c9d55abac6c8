import { parseArgs } from "node:util";
import { type PruneKind, type PruneWish, pruneKinds, pruneWishFrom } from "../core/prune/prune.ts";
import { type RestoreWish, restoreWishFrom, volumeKinds } from "./restore-wish.ts";

/** What the user typed. */
export type CommandLine =
  | {
      readonly kind: "command";
      readonly command: CommandName;
      readonly names: readonly string[];
      readonly config: string | undefined;
      readonly logLevel: string | undefined;
      readonly json: boolean;
      /** The image for whose tags `check` is to propose patterns, instead of looking at containers. */
      readonly suggest: string | undefined;
      /** Replace or restore no container, only say what would be done. */
      readonly dryRun: boolean;
      /** What `prune` is to remove; only shown without `--yes`. */
      readonly prune: PruneWish;
      readonly yes: boolean;
      /** `backup`: of all watched containers, in place of named ones. */
      readonly isAll: boolean;
      /** How `restore` is to make the container anew. */
      readonly restore: RestoreWish;
      /** Started by the image: its defaults are a layer below the file. */
      readonly image: boolean;
    }
  | { readonly kind: "help" }
  | { readonly kind: "version" }
  | { readonly kind: "mistake"; readonly message: string };

export const commands = {
  run: "serve: publish containers over MQTT and obey commands (the default)",
  check: "ask the registries once and print a table; exit code 10 when there are updates",
  plan: "print as JSON what updates would do, and what would be lost by them",
  prune: "show what nobody needs any more on the engine's disk; with --yes remove it",
  backup: "back up containers with their volumes: their names, or --all",
  backups: "list the backups that there are, of all containers or of those that are named",
  restore: "make a container anew from a backup: its FILE; with --dry-run only say what that would create",
  import: "make backups of those of Container Monkey: their files, which stay as they are",
  config: "print the effective configuration, secrets masked",
  purge: "remove every retained topic of this node from the broker",
  finish: "carry on a replacement of Gangway itself; for the container that Gangway starts for it",
  "hash-password": "print the hash of a password that is typed or piped in, for http.users",
  healthcheck: "ask a running Gangway whether it is alive, for the image's HEALTHCHECK",
} as const;
export type CommandName = keyof typeof commands;

const options = {
  config: { type: "string" },
  "log-level": { type: "string" },
  json: { type: "boolean" },
  suggest: { type: "string" },
  "dry-run": { type: "boolean" },
  what: { type: "string" },
  all: { type: "boolean" },
  "older-than": { type: "string" },
  yes: { type: "boolean" },
  name: { type: "string" },
  volumes: { type: "string" },
  port: { type: "string", multiple: true },
  start: { type: "boolean" },
  image: { type: "boolean" },
  version: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

/** Options that not every command has. */
const owners: Readonly<Partial<Record<keyof typeof options, readonly CommandName[]>>> = {
  "dry-run": ["run", "restore"],
  suggest: ["check"],
  json: ["check", "prune", "backups"],
  what: ["prune"],
  all: ["prune", "backup"],
  "older-than": ["prune"],
  yes: ["prune"],
  name: ["restore"],
  volumes: ["restore"],
  port: ["restore"],
  start: ["restore"],
};

/** How many names a command takes; none, if it is not here. */
const takers: Readonly<Partial<Record<CommandName, "any" | "files" | "one operation" | "one file">>> = {
  check: "any",
  plan: "any",
  backup: "any",
  backups: "any",
  finish: "one operation",
  restore: "one file",
  import: "files",
};

/** Reads the arguments after the program's name. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      allowNegative: true,
      options,
    });
    if (values.help === true) return { kind: "help" };
    if (values.version === true) return { kind: "version" };
    const [command = "run", ...names] = positionals;
    if (!isCommand(command)) {
      return { kind: "mistake", message: `There is no command "${command}".` };
    }
    const mistake = mistakeIn(command, names, values);
    if (mistake !== undefined) return { kind: "mistake", message: mistake };
    const what = values.what ?? "images";
    if (!isPruneKind(what)) {
      return { kind: "mistake", message: `--what takes ${pruneKinds.join(", ")}; found "${what}".` };
    }
    const prune = pruneWishFrom({ what, all: values.all, older_than: values["older-than"] });
    if (prune === undefined) return { kind: "mistake", message: "--older-than takes an age such as 12h, 30d or 4w." };
    const restore = restoreWishFrom(values);
    if (restore.kind === "mistake") return restore;
    return {
      kind: "command",
      command,
      names,
      config: values.config,
      logLevel: values["log-level"],
      json: values.json === true,
      suggest: values.suggest,
      dryRun: values["dry-run"] === true,
      image: values.image === true,
      prune,
      yes: values.yes === true,
      isAll: values.all === true,
      restore: restore.wish,
    };
  } catch (error) {
    const [message = "The arguments make no sense"] = error instanceof Error ? error.message.split(". To specify") : [];
    return { kind: "mistake", message: `${message.replace(/\.$/, "")}.` };
  }
}

type Values = Readonly<Partial<Record<keyof typeof options, unknown>>>;

/** What is wrong with a command's names, or with its options taken together. */
function mistakeIn(command: CommandName, names: readonly string[], values: Values): string | undefined {
  const found = names.join(" ");
  const taken = takers[command];
  if (taken === "one operation" && names.length !== 1)
    return `"${command}" takes one operation, and is not for people.`;
  if (taken === "one file" && names.length !== 1) return `"${command}" takes one file; gangway backups lists them.`;
  if (taken === "files" && names.length === 0) return `"${command}" takes the files that are to be taken in.`;
  if (taken === undefined && names.length > 0) return `"${command}" takes no names; found "${found}".`;
  const foreign = (Object.keys(owners) as (keyof typeof options)[]).find(
    (option) => values[option] !== undefined && owners[option]?.includes(command) === false,
  );
  if (foreign !== undefined) return `"${command}" has no --${foreign}.`;
  if (values.suggest !== undefined && names.length > 0) {
    return `--suggest takes one image and no names; found "${found}".`;
  }
  if (command === "backup" && (values.all === true) === names.length > 0) {
    return `"backup" takes names of containers, or --all.`;
  }
  return undefined;
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
}

function isPruneKind(word: string): word is PruneKind {
  return (pruneKinds as readonly string[]).includes(word);
}

/** The text of `--help`. */
export function helpText(version: string): string {
  const list = Object.entries(commands).map(([name, meaning]) => `  ${name.padEnd(13)} ${meaning}`);
  return `gangway ${version}: Docker containers as Home Assistant devices, over MQTT

Usage: gangway [COMMAND] [OPTIONS]

Commands:
${list.join("\n")}

Options:
  --config FILE        the configuration (else GANGWAY_CONFIG, ./config.yaml, /config/config.yaml)
  --log-level LEVEL    trace, debug, info, warn, error or silent
  --json               check, prune, backups: print JSON instead of a table
  --suggest IMAGE      check: propose patterns for the image's version tags
  --dry-run            run: replace no container, only say what would be done; restore: only say what would be created
  --what KIND          prune: images (dangling ones, if absent), containers, volumes, networks or build_cache
  --all                prune: images with a tag, volumes with a name, all of the build cache, too; backup: all containers
  --older-than AGE     prune: only what was not used for so long: 12h, 30d, 4w
  --yes                prune: remove it, instead of only showing it
  --name NAME          restore: what the new container is called, if not as the old one
  --volumes KIND       restore: ${volumeKinds.join(", ")}: the names of its volumes
  --port 80/tcp=8081   restore: a port of the host in place of the backup's; as often as needed
  --start, --no-start  restore: whether it is started, if not as it was
  --version            print the version
  -h, --help           print this

check, plan, backup and backups take names of containers: gangway check web db
`;
}
