/** What an engine has besides containers and images: types only. */

/** `GET /volumes/{name}` */
export interface VolumeInspect {
  readonly Name: string;
  readonly Driver: string;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
}

/** `GET /networks/{id}` */
export interface NetworkInspect {
  readonly Id: string;
  readonly Name: string;
  readonly Driver: string;
  readonly Scope: string;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM?: Readonly<Record<string, unknown>> | null | undefined;
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
}

/** Calls about volumes, networks and the files in containers; they reject as those of `Engine` do. */
export interface EngineStorage {
  readonly inspectVolume: (name: string, signal: AbortSignal) => Promise<VolumeInspect>;
  readonly inspectNetwork: (name: string, signal: AbortSignal) => Promise<NetworkInspect>;
  /**
   * A tar archive of what is at `path` in a container, piece by piece. While it is read, the engine does nothing else
   * with that container. Rejects with `timeout` where nothing comes for a while, however long it takes as a whole.
   */
  readonly readArchive: (container: string, path: string, signal: AbortSignal) => AsyncIterable<Buffer>;
}
