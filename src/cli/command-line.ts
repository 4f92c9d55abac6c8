import { parseArgs } from "node:util";
import { type PruneKind, type PruneWish, pruneKinds, pruneWishFrom } from "../core/prune/prune.ts";

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
      /** Replace no container, only say what would be done. */
      readonly dryRun: boolean;
      /** What `prune` is to remove; only shown without `--yes`. */
      readonly prune: PruneWish;
      readonly yes: boolean;
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
  config: "print the effective configuration, secrets masked",
  purge: "remove every retained topic of this node from the broker",
  finish: "carry on a replacement of Gangway itself; for the container that Gangway starts for it",
  "hash-password": "print the hash of a password that is typed or piped in, for http.users",
  healthcheck: "ask a running Gangway whether it is alive, for the image's HEALTHCHECK",
} as const;
export type CommandName = keyof typeof commands;

/** Reads the arguments after the program's name. */
export function parseCommandLine(args: readonly string[]): CommandLine {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        config: { type: "string" },
        "log-level": { type: "string" },
        json: { type: "boolean" },
        suggest: { type: "string" },
        "dry-run": { type: "boolean" },
        what: { type: "string" },
        all: { type: "boolean" },
        "older-than": { type: "string" },
        yes: { type: "boolean" },
        image: { type: "boolean" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    if (values.help === true) return { kind: "help" };
    if (values.version === true) return { kind: "version" };
    const [command = "run", ...names] = positionals;
    if (!isCommand(command)) {
      return { kind: "mistake", message: `There is no command "${command}".` };
    }
    if (command === "finish" && names.length !== 1) {
      return { kind: "mistake", message: `"finish" takes one operation, and is not for people.` };
    }
    if (names.length > 0 && command !== "finish" && command !== "check" && command !== "plan") {
      return { kind: "mistake", message: `"${command}" takes no names; found "${names.join(" ")}".` };
    }
    if (values["dry-run"] === true && command !== "run") {
      return { kind: "mistake", message: `"${command}" has no --dry-run.` };
    }
    if (values.suggest !== undefined && command !== "check") {
      return { kind: "mistake", message: `"${command}" has no --suggest.` };
    }
    if (values.suggest !== undefined && names.length > 0) {
      return { kind: "mistake", message: `--suggest takes one image and no names; found "${names.join(" ")}".` };
    }
    if (values.json === true && command !== "check" && command !== "prune") {
      return { kind: "mistake", message: `"${command}" has no --json.` };
    }
    const ofPrune = (["what", "all", "older-than", "yes"] as const).find((option) => values[option] !== undefined);
    if (ofPrune !== undefined && command !== "prune") {
      return { kind: "mistake", message: `"${command}" has no --${ofPrune}.` };
    }
    const what = values.what ?? "images";
    if (!isPruneKind(what)) {
      return { kind: "mistake", message: `--what takes ${pruneKinds.join(", ")}; found "${what}".` };
    }
    const prune = pruneWishFrom({ what, all: values.all, older_than: values["older-than"] });
    if (prune === undefined) return { kind: "mistake", message: "--older-than takes an age such as 12h, 30d or 4w." };
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
    };
  } catch (error) {
    const [message = "The arguments make no sense"] = error instanceof Error ? error.message.split(". To specify") : [];
    return { kind: "mistake", message: `${message.replace(/\.$/, "")}.` };
  }
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
  --json               check, prune: print JSON instead of a table
  --suggest IMAGE      check: propose patterns for the image's version tags
  --dry-run            run: replace no container, only say what would be done
  --what KIND          prune: images (dangling ones, if absent), containers, volumes, networks or build_cache
  --all                prune: images with a tag, volumes with a name, all of the build cache, too
  --older-than AGE     prune: only what was not used for so long: 12h, 30d, 4w
  --yes                prune: remove it, instead of only showing it
  --version            print the version
  -h, --help           print this

check and plan take names of containers: gangway check web db
`;
}
