import { aliases, userAliases } from "../src/config/environment.ts";
import { anyPlace, configKeys, type Key } from "../src/config/keys.ts";

/** docs/configuration.md: how settings are given, and a table for each section of the schema. */
export function configurationPage(): string {
  const keys = configKeys();
  const sections = keys.filter(({ kind }) => kind === "section" || kind === "objects");
  const top = keys.filter((key) => key.path.length === 1 && !sections.includes(key));
  return [
    introduction,
    "## Top level",
    keyTable(top),
    ...sections.flatMap((section) => {
      const parent = section.kind === "objects" ? [...section.path, anyPlace] : section.path;
      const members = keys.filter((key) => isMember(key, parent) && key.kind !== "section");
      const name = section.kind === "objects" ? `${section.name}[]` : section.name;
      const variable = section.environment === undefined ? "" : ` As a JSON list in \`${section.environment}\`.`;
      return [`## ${name}`, `${section.description}${variable}`, keyTable(members)];
    }),
    "## Names of other tools",
    "These environment variables are understood too; Gangway's own names win over them.",
    table(
      ["variable", "key"],
      [
        ...aliases.map(({ name, key }) => [code(name), code(key)]),
        ...userAliases.map(({ name, password }) => [`${code(name)}, ${code(password)}`, usersMeaning]),
        [code("GUI_ENABLED"), pageMeaning],
        [`${code("DOCKER_HOST")}, ${code("DOCKER_TLS_VERIFY")}, ${code("DOCKER_CERT_PATH")}`, dockerMeaning],
        [`${code("DOCKER_CONFIG")}, ${code("DOCKER_AUTH_CONFIG")}`, credentialsMeaning],
        [`${code("HTTPS_PROXY")}, ${code("HTTP_PROXY")}, ${code("NO_PROXY")}`, proxyMeaning],
      ],
    ),
  ]
    .join("\n\n")
    .concat("\n");
}

/** The table of all settings for the README. */
export function settingsTable(): string {
  const keys = configKeys().filter(({ kind }) => kind !== "section" && kind !== "objects");
  return table(
    ["key", "default", "meaning"],
    keys.map((key) => [code(key.name), fallbackText(key), key.description]),
  );
}

const usersMeaning =
  "one of `http.users`, where both are there; they take the place of those in the file. Whether anybody is asked is up " +
  "to `http.auth`, and a key is always a way in too";

const pageMeaning =
  "nothing: Gangway has no page of its own. `/` answers as Docker Monitor Image does with its page turned off";

const dockerMeaning =
  "`engines[].host` and its TLS files, for an engine that has no `host`: as the docker CLI reads them";

const credentialsMeaning =
  "credentials for registries, after those of `registries[]`: `DOCKER_AUTH_CONFIG` is the text of a `config.json` with " +
  "`auths`; `DOCKER_CONFIG` is the directory with `config.json` (else `~/.docker`), whose credential helpers are asked " +
  "where they are installed beside Gangway";

const proxyMeaning =
  "the proxies on the way to registries, in upper or lower case, for both schemes where only `HTTP_PROXY` is there; " +
  "`NO_PROXY` has names (and all below them), `*.name`, addresses, ranges such as `10.0.0.0/8`, each with a port if " +
  "wanted, or `*`. This machine itself is always reached without. The engine has proxies of its own";

const introduction = `<!-- Made from src/config/schema.ts by \`npm run docs\`: do not edit. -->
# Configuration

Every setting is optional. What is wrong is reported all at once, with file, line and key, and keeps Gangway from
starting. \`gangway config\` shows what is in effect, without secrets.

**The file** is \`--config FILE\`, else \`GANGWAY_CONFIG\`, else \`./config.yaml\`, else \`/config/config.yaml\`. A path that was
given must lead to a file. \`config.example.yaml\` has every key; with its first line, editors that know the YAML language
server complete and check keys. A key without a value (\`url:\`) counts as absent.

**Environment variables** are \`GANGWAY_\` and the key in upper case, with \`__\` between its parts: \`GANGWAY_MQTT__URL\`.
Lists are separated by commas or written as JSON; lists of sections (\`engines\`, \`registries\`) are JSON. With \`_FILE\` at
the end of a name (\`GANGWAY_MQTT__PASSWORD_FILE\`), the value is read from that file, as for Docker secrets. An empty
variable counts as absent; an unknown one is an error.

**Precedence**: command line, environment, file, what the image sets, default. Sections are joined key by key; lists are
taken whole.

**Durations** are numbers with a unit (\`500ms\`, \`30s\`, \`15m\`, \`6h\`, \`1d\`, also \`1h30m\`); a bare number is seconds.
**Addresses to listen on** are written out with an IP address: \`127.0.0.1:5000\`, \`[::1]:5000\`, \`0.0.0.0:5000\` for all
IPv4 addresses, \`[::]:5000\` for all; \`:5000\` alone is refused. Port 0 takes any free port. **Paths** are relative to the
working directory. **Cron expressions** have five fields and go by the machine's time zone (\`TZ\`).`;

function isMember(key: Key, parent: readonly string[]): boolean {
  return key.path.length === parent.length + 1 && parent.every((step, index) => key.path[index] === step);
}

function keyTable(keys: readonly Key[]): string {
  const hasVariables = keys.some(({ environment }) => environment !== undefined);
  return table(
    ["key", ...(hasVariables ? ["environment variable"] : []), "default", "meaning"],
    keys.map((key) => [
      code(key.name),
      ...(hasVariables ? [key.environment === undefined ? "" : code(key.environment)] : []),
      fallbackText(key),
      key.description,
    ]),
  );
}

function fallbackText({ fallback, kind, required }: Key): string {
  if (fallback === undefined) return required ? "required" : "–";
  return kind === "list" || typeof fallback !== "string" ? code(JSON.stringify(fallback)) : code(fallback);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows];
  return lines.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`).join("\n");
}
