/** What an engine has besides containers and images: types only. */

/** `GET /volumes/{name}` */
export interface VolumeInspect {
  readonly Name: string;
  readonly Driver: string;
  readonly Labels?: Readonly<Record<string, string>> | null | undefined;
  readonly Options?: Readonly<Record<string, string>> | null | undefined;
  /** Where it is on the engine's host; empty where the driver does not say. */
  readonly Mountpoint?: string | undefined;
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

/** The body of `POST /volumes/create` */
export interface VolumeRequest {
  readonly Name: string;
  readonly Driver: string;
  readonly DriverOpts: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** The body of `POST /networks/create` */
export interface NetworkRequest {
  readonly Name: string;
  readonly Driver: string;
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: Readonly<Record<string, unknown>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

/** Calls about volumes, networks and the files in containers; they reject as those of `Engine` do. */
export interface EngineStorage {
  readonly inspectVolume: (name: string, signal: AbortSignal) => Promise<VolumeInspect>;
  readonly inspectNetwork: (name: string, signal: AbortSignal) => Promise<NetworkInspect>;
  /** Rejects with `engine_conflict` where there is one of this name already. */
  readonly createVolume: (request: VolumeRequest, signal: AbortSignal) => Promise<void>;
  /** Rejects with `engine_conflict` where there is one of this name already. */
  readonly createNetwork: (request: NetworkRequest, signal: AbortSignal) => Promise<void>;
  /**
   * Extracts a tar archive at the root of a container, which need not run. Rejects with `timeout` where the engine takes
   * nothing for a while, however long it takes as a whole, and with what `archive` throws.
   */
  readonly writeArchive: (container: string, archive: AsyncIterable<Buffer>, signal: AbortSignal) => Promise<void>;
  /**
   * A tar archive of what is at `path` in a container, piece by piece. While it is read, the engine does nothing else
   * with that container. Rejects with `timeout` where nothing comes for a while, however long it takes as a whole.
   */
  readonly readArchive: (container: string, path: string, signal: AbortSignal) => AsyncIterable<Buffer>;
}
