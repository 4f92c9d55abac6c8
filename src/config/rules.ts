import { brokerUrlFrom, engineTransportOf, isLoopback, listenAddressFrom } from "./address.ts";
import type { Fault } from "./problems.ts";
import { defaultEngineHost } from "./schema.ts";
import { at, isSection, type Path } from "./tree.ts";
import { registryName } from "./values.ts";

/*
 * What keys mean to each other. The rules read what was written, not what was parsed, so that a mistake in one key does
 * not hide those between others; values that are no use to a rule are left to the schema.
 */

/** All that is wrong between the keys of `tree`. */
export function brokenRules(tree: unknown): readonly Fault[] {
  return [
    ...brokerFaults(tree),
    ...embeddedFaults(tree),
    ...engineFaults(tree),
    ...registryFaults(tree),
    ...httpFaults(tree),
  ];
}

const tlsFiles = ["ca_file", "cert_file", "key_file"];

function brokerFaults(tree: unknown): readonly Fault[] {
  const url = at(tree, ["mqtt", "url"]);
  const path = (key: string): Path => ["mqtt", key];
  if (url === undefined) {
    return ["username", "password", ...tlsFiles]
      .filter((key) => at(tree, path(key)) !== undefined)
      .map((key) => ({ path: path(key), expected: "mqtt.url beside it", found: "none" }));
  }
  const broker = typeof url === "string" ? brokerUrlFrom(url) : undefined;
  const misplaced = tlsFiles.filter((key) => broker?.tls === false && at(tree, path(key)) !== undefined);
  return [
    ...misplaced.map((key) => ({
      path: path(key),
      expected: "mqtt.url with mqtts:// or wss://",
      found: "one without TLS",
    })),
    ...pairFaults(tree, ["mqtt"], "cert_file", "key_file"),
  ];
}

function embeddedFaults(tree: unknown): readonly Fault[] {
  const path = ["mqtt", "embedded"];
  const listen = at(tree, [...path, "listen"]);
  const address = typeof listen === "string" ? listenAddressFrom(listen) : undefined;
  const isUsed = at(tree, ["mqtt", "url"]) === undefined;
  const isOpen = ["username", "password"].every((key) => at(tree, [...path, key]) === undefined);
  const exposed = isUsed && isOpen && address !== undefined && !isLoopback(address.host);
  return [
    ...pairFaults(tree, path, "username", "password"),
    ...(exposed
      ? [
          {
            path: [...path, "listen"],
            expected: "a loopback address, or mqtt.embedded.username and mqtt.embedded.password beside it",
            found: `${JSON.stringify(listen)} for everyone`,
          },
        ]
      : []),
  ];
}

function engineFaults(tree: unknown): readonly Fault[] {
  const engines = entriesOf(tree, "engines");
  const top = at(tree, ["node"]);
  const [first] = engines;
  const own = first === undefined ? undefined : at(tree, [...first, "node"]);
  const several = engines.length > 1;
  const nameless = several ? engines.filter((path) => at(tree, [...path, "node"]) === undefined) : [];
  return [
    ...engines.flatMap((path) => engineFaultsAt(tree, path)),
    ...nameless.map((path) => ({
      path: [...path, "node"],
      expected: "a node for each of several engines",
      found: "none",
    })),
    ...duplicates(engines, (path) => at(tree, [...path, "node"])).map((path) => ({
      path: [...path, "node"],
      expected: "another node for each engine",
      found: "one that another engine has",
    })),
    ...duplicates(engines, (path) => at(tree, [...path, "host"]) ?? defaultEngineHost).map((path) => ({
      path: [...path, "host"],
      expected: "another host for each engine",
      found: "one that another engine has",
    })),
    ...(top !== undefined && several
      ? [
          {
            path: ["node"],
            expected: "engines[].node where there are several engines",
            found: "a node for all of them",
          },
        ]
      : []),
    ...(top !== undefined && !several && own !== undefined && own !== top
      ? [{ path: ["node"], expected: "the same text as engines[0].node, or only one of them", found: "another" }]
      : []),
  ];
}

function engineFaultsAt(tree: unknown, path: Path): readonly Fault[] {
  const host = at(tree, [...path, "host"]) ?? defaultEngineHost;
  const transport = typeof host === "string" ? engineTransportOf(host) : undefined;
  const isPlain = transport === "socket" || (typeof host === "string" && host.startsWith("http:"));
  const misplaced = tlsFiles.filter((key) => isPlain && at(tree, [...path, key]) !== undefined);
  return [
    ...misplaced.map((key) => ({
      path: [...path, key],
      expected: "a host with tcp:// or https:// beside it",
      found: "one without TLS",
    })),
    ...pairFaults(tree, path, "cert_file", "key_file"),
  ];
}

function registryFaults(tree: unknown): readonly Fault[] {
  const registries = entriesOf(tree, "registries");
  const has = (path: Path, key: string): boolean => at(tree, [...path, key]) !== undefined;
  const both = registries.filter((path) => has(path, "token") && (has(path, "username") || has(path, "password")));
  const unverified = registries.filter((path) => at(tree, [...path, "insecure"]) === true && has(path, "ca_file"));
  const nameAt = (path: Path, key: string): string | undefined => {
    const host = at(tree, [...path, key]);
    return typeof host === "string" ? registryName(host) : undefined;
  };
  const name = (path: Path): string | undefined => nameAt(path, "host");
  const mirrors = registries.filter((path) => has(path, "mirror_of"));
  const looping = mirrors.filter((path) => mirrors.some((other) => name(other) === nameAt(path, "mirror_of")));
  return [
    ...registries.flatMap((path) => pairFaults(tree, path, "username", "password")),
    ...both.map((path) => ({
      path: [...path, "token"],
      expected: "either a token or a username with password",
      found: "both",
    })),
    ...unverified.map((path) => ({
      path: [...path, "ca_file"],
      expected: "either ca_file or insecure",
      found: "both",
    })),
    ...looping.map((path) => ({
      path: [...path, "mirror_of"],
      expected: "a registry that is no mirror",
      found: nameAt(path, "mirror_of") === name(path) ? "this one itself" : "one with mirror_of of its own",
    })),
    ...duplicates(registries, name).map((path) => ({
      path: [...path, "host"],
      expected: "each registry once",
      found: "one that stands above already",
    })),
  ];
}

function httpFaults(tree: unknown): readonly Fault[] {
  const keys = entriesOf(tree, "http", "keys");
  const main = at(tree, ["http", "api_key"]);
  const listeners = entriesOf(tree, "http", "listeners");
  const users = entriesOf(tree, "http", "users");
  const passwordsOf = (path: Path): number =>
    ["password", "password_hash"].filter((key) => at(tree, [...path, key]) !== undefined).length;
  const isMain = (path: Path): boolean => main !== undefined && at(tree, [...path, "key"]) === main;
  return [
    ...duplicates(keys, (path) => at(tree, [...path, "name"])).map((path) => ({
      path: [...path, "name"],
      expected: "another name for each key",
      found: "one that another key has",
    })),
    ...[...duplicates(keys, (path) => at(tree, [...path, "key"])), ...keys.filter(isMain)].map((path) => ({
      path: [...path, "key"],
      expected: "another key than the others, and than http.api_key",
      found: "the same one",
    })),
    ...duplicates(users, (path) => at(tree, [...path, "name"])).map((path) => ({
      path: [...path, "name"],
      expected: "another name for each user",
      found: "one that another user has",
    })),
    ...users
      .filter((path) => passwordsOf(path) !== 1)
      .map((path) => ({
        path: [...path, "password_hash"],
        expected: "either password_hash or password",
        found: passwordsOf(path) === 0 ? "neither" : "both",
      })),
    ...duplicates([["http"], ...listeners], (path) => fixedListen(at(tree, [...path, "listen"]))).map((path) => ({
      path: [...path, "listen"],
      expected: "another address for each listener, and than http.listen",
      found: "one that another listens on",
    })),
  ];
}

/** Any free port is another one each time. */
function fixedListen(listen: unknown): unknown {
  return typeof listen === "string" && listen.endsWith(":0") ? undefined : listen;
}

/** Two keys of a section that are of no use without each other. */
function pairFaults(tree: unknown, section: Path, first: string, second: string): readonly Fault[] {
  const has = (key: string): boolean => at(tree, [...section, key]) !== undefined;
  if (has(first) === has(second)) return [];
  const [given, missing] = has(first) ? [first, second] : [second, first];
  return [{ path: [...section, given], expected: `${missing} beside it`, found: "none" }];
}

function entriesOf(tree: unknown, ...list: readonly string[]): readonly Path[] {
  const entries = at(tree, list);
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry: unknown, index) => (isSection(entry) ? [[...list, index]] : []));
}

/** The paths whose value is equal to that of an earlier one. */
function duplicates(paths: readonly Path[], read: (path: Path) => unknown): readonly Path[] {
  const values = paths.map(read);
  return paths.filter((_, index) => values[index] !== undefined && values.indexOf(values[index]) < index);
}
