import { type Stats, statSync } from "node:fs";

/** Who may use the engine's socket. */
interface SocketFacts {
  /** Absent where `host` is no socket on this machine, or there is nothing. */
  readonly socket?: Pick<Stats, "mode" | "uid" | "gid">;
  /** Whom this process runs as; absent where that cannot be told. */
  readonly reader?: Pick<Stats, "uid" | "gid">;
}

const scheme = "unix://";

/** Looks at the socket that the engine's address names. */
export function socketFacts(host: string): SocketFacts {
  const socket = host.startsWith(scheme) ? statOf(host.slice(scheme.length)) : undefined;
  // The kernel shows each process's effective user and group there (proc(5)).
  const reader = statOf("/proc/self");
  return {
    ...(socket === undefined ? {} : { socket: { mode: socket.mode & 0o777, uid: socket.uid, gid: socket.gid } }),
    ...(reader === undefined ? {} : { reader: { uid: reader.uid, gid: reader.gid } }),
  };
}

function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}
