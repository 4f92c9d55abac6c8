/** How a deletion has ended. `reason`: half a sentence. */
export type Deletion =
  | { readonly kind: "deleted" /** Volumes that went with a container. */; readonly volumes: readonly string[] }
  /** An operation is under way, or has not been put right yet, and may need it. */
  | { readonly kind: "busy"; readonly reason: string }
  /** Something that is there cannot do without it. */
  | { readonly kind: "needed"; readonly reason: string };

/**
 * Removes from an engine what somebody names, at once, and never beside an operation. Every call rejects as those of
 * `Engine` do.
 */
export interface Deletions {
  /** By its id, and by force; of `volumes` those that nothing else has. */
  readonly container: (id: string, volumes: readonly string[], signal: AbortSignal) => Promise<Deletion>;
  readonly volume: (name: string, signal: AbortSignal) => Promise<Deletion>;
  readonly image: (id: string, signal: AbortSignal) => Promise<Deletion>;
  readonly network: (network: { readonly id: string; readonly name: string }, signal: AbortSignal) => Promise<Deletion>;
}
