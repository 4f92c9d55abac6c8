import type { BedBroker, BrokerOptions } from "./broker.ts";
import type { BedEngine, EngineOptions } from "./engine.ts";
import type { BedRegistry, RegistryOptions } from "./registry.ts";

/** The parts that are wanted; `true` for one without further wishes. */
export interface BedOptions {
  readonly engine?: EngineOptions | true;
  readonly registry?: RegistryOptions | true;
  readonly broker?: BrokerOptions | true;
  /**
   * `native`: Debian's programs, which takes root on Debian or Ubuntu. `containers`: containers of an engine that is
   * there. If absent, `native` where that is possible.
   */
  readonly kind?: "native" | "containers";
  /** Told in one line what is going to be installed; standard error, if absent. */
  readonly say?: (line: string) => void;
}

/** The parts that were wanted. */
export interface Parts {
  readonly engine?: BedEngine | undefined;
  readonly registry?: BedRegistry | undefined;
  readonly broker?: BedBroker | undefined;
}

/** What was wished for beyond the part itself. */
export function chosen<T>(wish: T | true | undefined): T | undefined {
  return wish === true ? undefined : wish;
}
