import type { ListenAddress } from "./config/address.ts";
import type { Config } from "./config/config.ts";
import type { Surroundings } from "./connections.ts";
import type { Container } from "./core/container.ts";
import type { NodeNews, SavedAccess, ServedNode } from "./core/doors.ts";
import { socketFacts } from "./docker/socket-facts.ts";
import type { History } from "./files/history.ts";
import type { AccessRules } from "./http/access.ts";
import { apiDoor } from "./http/api/door.ts";
import { createEventLog, type LoggedEvent } from "./http/api/event-log.ts";
import { createRecent } from "./http/api/recent.ts";
import type { ApiSubject } from "./http/api/subject.ts";
import { createFailures } from "./http/failures.ts";
import { type GateDependencies, guard } from "./http/gate.ts";
import { type KeyRing, keyRing } from "./http/keys.ts";
import { createMentions } from "./http/mentions.ts";
import { createTallies, metricsDoor } from "./http/metrics/door.ts";
import { monitorDoor } from "./http/profiles/monitor/door.ts";
import { monkeyDoor } from "./http/profiles/monkey/door.ts";
import type { OpenProfile, ProfileSubject } from "./http/profiles/profile.ts";
import { watcherDoor } from "./http/profiles/watcher/door.ts";
import { type Door, openHttp } from "./http/server.ts";
import { createSessions } from "./http/sessions.ts";
import { type AccessStore, openAccessStore } from "./http/settings.ts";
import { openUsers } from "./http/users.ts";
import { answerNowhere, refuseInAWord } from "./http/word-errors.ts";
import { addressSet } from "./lib/addresses.ts";
import { createListeners, type Listeners } from "./lib/listeners.ts";
import type { Node } from "./node.ts";

export interface DoorsDependencies {
  readonly config: Config;
  readonly surroundings: Surroundings;
  readonly settingsPath: string;
  readonly access: SavedAccess;
  readonly history: History;
  /** Grows while Gangway starts. */
  readonly nodes: readonly Node[];
  readonly news: Listeners<readonly [node: string, news: NodeNews]>;
}

type Profile = Config["http"]["profile"];

/** What each profile's routes are served by. */
const profiles: Readonly<Record<Profile, OpenProfile>> = {
  monitor: monitorDoor,
  watcher: watcherDoor,
  monkey: monkeyDoor,
};

/** One address that is listened on. */
interface Listener {
  readonly listen: ListenAddress;
  /** Its key in the configuration. */
  readonly setting: string;
  readonly profile: Config["http"]["listeners"][number]["profile"];
  readonly auth?: boolean;
  readonly allowedIps?: readonly string[];
}

/** Opens the HTTP server, and the further listeners. They close with `stack`. Rejects with `listen_failed`. */
export async function openDoors(deps: DoorsDependencies, stack: AsyncDisposableStack): Promise<void> {
  const { config, surroundings, nodes } = deps;
  const { clock, log } = surroundings;
  const { http } = config;
  const store = await openStore(deps);
  const shared = { failures: createFailures({ clock }), mention: createMentions({ clock }), log, cors: http.cors };
  const served = subjectsOf(deps, store);
  const subjects = { ...served, profile: await profileSubject(deps, store, served.api) };
  const isReady = (): boolean => nodes.length > 0 && nodes.every((node) => node.isReady());
  const listeners: readonly Listener[] = [
    { listen: http.listen, setting: "http.listen", profile: "api" },
    ...http.listeners.map((listener, index) => ({ ...listener, setting: `http.listeners[${index}].listen` })),
  ];
  for (const { listen, setting, profile, ...own } of listeners) {
    const gate: GateDependencies = { ...shared, rules: rulesFor(store, http.keys, own, setting) };
    const doors = doorsFor(profile, http, subjects, gate);
    const trustedProxies = addressSet(http.trustedProxies);
    // Not the program's signal: the server answers until everything else has ended.
    const server = await openHttp(
      { log, isReady, doors, trustedProxies, setting },
      listen,
      new AbortController().signal,
    );
    stack.use(server);
    log.info({ ...server.address, setting, profile }, "HTTP server listens");
  }
}

/** What a listener serves: one door of them, without a prefix, answers what is not found. */
function doorsFor(
  wanted: Listener["profile"],
  { profile, compat }: Config["http"],
  subjects: ReturnType<typeof subjectsOf> & { readonly profile: ProfileSubject },
  gate: GateDependencies,
): readonly Door[] {
  const metrics = metricsDoor(subjects.metrics, gate);
  const profileDoor = (name: Profile, prefix?: string): Door => profiles[name](subjects.profile, gate, prefix);
  switch (wanted) {
    case "metrics":
      return [metrics, nowhereDoor(gate)];
    case "api": {
      const all = compat ? (Object.keys(profiles) as Profile[]) : [];
      const mounted = all.map((name) => profileDoor(name, `/compat/${name}`));
      return [apiDoor(subjects.api, gate), metrics, ...mounted, profileDoor(profile)];
    }
    default:
      return [profileDoor(wanted)];
  }
}

async function profileSubject(
  { config, surroundings, nodes }: DoorsDependencies,
  access: AccessStore,
  { recent, history }: ApiSubject,
): Promise<ProfileSubject> {
  const { clock, ownContainerId } = surroundings;
  const [{ host }] = config.engines;
  return {
    nodes: () => servedOf(nodes),
    isFirst: (node) => nodes[0]?.served() === node,
    access,
    users: await openUsers(config.http.users),
    sessions: createSessions({ clock }),
    past: (id) => recent.get(id) ?? history().findLast((past) => past.id === id),
    monkey: config.http.monkey,
    isOwn: ({ id }: Pick<Container, "id">) => id === ownContainerId,
    socket: () => socketFacts(host),
    clock,
  };
}

function servedOf(nodes: readonly Node[]): readonly ServedNode[] {
  return nodes.flatMap((node) => node.served() ?? []);
}

async function openStore({ config, surroundings, settingsPath, access }: DoorsDependencies): Promise<AccessStore> {
  const { enabled, auth, apiKey, allowedIps, keys, listeners } = config.http;
  const { secrets, log } = surroundings;
  const configured = { enabled, auth, apiKey, allowedIps };
  const store = openAccessStore({ configured, saved: access, path: settingsPath, secrets, log });
  const isAsked = store.current().auth || listeners.some((listener) => listener.auth === true);
  if (isAsked && keys.length === 0) await store.ensureKey();
  return store;
}

/** What is in force on a listener; made anew only when the settings change. */
function rulesFor(
  store: AccessStore,
  named: Config["http"]["keys"],
  own: Pick<Listener, "auth" | "allowedIps">,
  setting: string,
): () => AccessRules & { readonly keys: KeyRing } {
  let made: { readonly from: unknown; readonly rules: AccessRules & { readonly keys: KeyRing } } | undefined;
  return () => {
    const current = store.current();
    if (made?.from === current) return made.rules;
    const allowed = addressSet(own.allowedIps ?? current.allowedIps);
    const rules = {
      isAllowed: allowed.has,
      allowedSetting: own.allowedIps === undefined ? "http.allowed_ips" : setting.replace(/listen$/, "allowed_ips"),
      enabled: current.enabled,
      auth: own.auth ?? current.auth,
      keys: keyRing(current.apiKey, named),
    };
    made = { from: current, rules };
    return rules;
  };
}

/** What the doors show, and what they count and keep from now on. */
function subjectsOf(
  { surroundings, nodes, news, history }: DoorsDependencies,
  access: AccessStore,
): { readonly api: ApiSubject; readonly metrics: Parameters<typeof metricsDoor>[0] } {
  const { clock, version, usage } = surroundings;
  const served = (): readonly ServedNode[] => servedOf(nodes);
  const recent = createRecent();
  const log = createEventLog({ clock });
  const logged = createListeners<LoggedEvent>();
  const tallies = createTallies();
  news.subscribe(([node, told]) => {
    tallies.count(node, told);
    if (told.kind === "result") recent.add({ ...told.result, node });
    logged.tell(log.add(node, told));
  });
  const api: ApiSubject = {
    nodes: served,
    history: history.all,
    recent,
    access,
    subscribe: (listener) => news.subscribe(([node, told]) => listener(node, told)),
    events: { since: log.since, subscribe: logged.subscribe },
    clock,
    version,
  };
  return { api, metrics: { nodes: served, tallies: tallies.all, usage, version } };
}

/** Answers what no other door has: only to those who may come in. */
function nowhereDoor(gate: GateDependencies): Door {
  return {
    open: (app, closing) => {
      guard(app, gate, { refuse: refuseInAWord }, closing);
      answerNowhere(app);
    },
  };
}
