import type { Container } from "../../core/container.ts";
import type { PastOperation, ServedNode } from "../../core/doors.ts";
import type { Clock } from "../../lib/time.ts";
import type { GateDependencies } from "../gate.ts";
import type { Door } from "../server.ts";
import type { Sessions } from "../sessions.ts";
import type { AccessStore } from "../settings.ts";
import type { Users } from "../users.ts";

/** What the profiles are about, each in its own words: none of them has a state of its own. */
export interface ProfileSubject {
  /** The engines whose name is known, in the order of the configuration. */
  readonly nodes: () => readonly ServedNode[];
  /** Is it the first engine of the configuration, whether it has answered first or not? */
  readonly isFirst: (node: ServedNode) => boolean;
  readonly access: AccessStore;
  /** Who may log in, in profiles where that is the way in. */
  readonly users: Users;
  /** Who has; shared by all listeners. */
  readonly sessions: Sessions;
  /** The operation with this id, once it has ended. */
  readonly past: (id: string) => PastOperation | undefined;
  /** What the configuration says of the profile `monkey`. */
  readonly monkey: { readonly destructive: boolean };
  /** Is this the container that Gangway itself runs in? */
  readonly isOwn: (container: Pick<Container, "id">) => boolean;
  readonly socket: () => SocketFacts;
  readonly clock: Clock;
}

/** The engine's socket and who reads it, as far as this machine tells: permissions are the usual trouble. */
export interface SocketFacts {
  /** Absent: the engine is not reached by a socket on this machine, or there is none. */
  readonly socket?: { readonly mode: number; readonly uid: number; readonly gid: number };
  readonly reader?: { readonly uid: number; readonly gid: number };
}

/** Makes the door of a profile; `prefix` is absent at the root of a listener. */
export type OpenProfile = (subject: ProfileSubject, gate: GateDependencies, prefix: string | undefined) => Door;
