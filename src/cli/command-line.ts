import { parseArgs } from "node:util";

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
    if (values.json === true && command !== "check") {
      return { kind: "mistake", message: `"${command}" has no --json.` };
    }
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
    };
  } catch (error) {
    const [message = "The arguments make no sense"] = error instanceof Error ? error.message.split(". To specify") : [];
    return { kind: "mistake", message: `${message.replace(/\.$/, "")}.` };
  }
}

function isCommand(word: string): word is CommandName {
  return Object.hasOwn(commands, word);
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
  --json               check: print JSON instead of a table
  --suggest IMAGE      check: propose patterns for the image's version tags
  --dry-run            run: replace no container, only say what would be done
  --version            print the version
  -h, --help           print this

check and plan take names of containers: gangway check web db
`;
}
