import type { DiskFacts } from "./disk.ts";
import type { EngineIdentity } from "./ports.ts";
import type { LimitFact } from "./registry-limit.ts";

/** What is known of the engine as a whole. */
export interface NodeFacts {
  /** Absent while the engine is not reachable. */
  readonly engine?: EngineIdentity;
  /** Absent until all containers have been read for the first time: nobody knows how many there are. */
  readonly isCounted?: true;
  /** ISO 8601, UTC. */
  readonly lastCheck?: string;
  readonly nextCheck?: string;
  /** Only while all containers are being checked. */
  readonly isChecking?: true;
  /** What registries tell of their limits now; absent until that has been looked at. */
  readonly registryLimits?: readonly LimitFact[];
  /** Absent until the engine has told it, and where nobody wants to know. */
  readonly disk?: DiskFacts;
}
