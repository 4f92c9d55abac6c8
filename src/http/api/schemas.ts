import { z } from "zod";
import { eventTypes } from "../../core/node-event.ts";
import { outcomeStates, phases } from "../../core/operation.ts";
import { pruneKinds } from "../../core/prune/prune.ts";
import { updateStatuses } from "../../core/update-status.ts";

/*
 * What the API answers with: the shapes that views.ts makes. Times are ISO 8601 in UTC; null means not known.
 */

const time = z.string().meta({ description: "ISO 8601, UTC" });
const figure = z.number().nullable();

/** The kinds of commands, as in the topics. */
const command = z.string();

export const Problem = z
  .strictObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({ description: "What happened, why, and what to do." }),
    error: z.string().meta({ description: "One word for programs." }),
    errors: z
      .array(z.strictObject({ in: z.enum(["path", "query", "body"]), name: z.string(), message: z.string() }))
      .optional(),
  })
  .meta({ id: "Problem", description: "RFC 9457" });

const byteFigures = {
  bytes: figure.meta({ description: "Read or written so far, by a backup or a restore." }),
  total_bytes: figure.meta({ description: "How many there are to be, where that is known." }),
};

const Progress = z.strictObject({
  operation: z.string(),
  command,
  phase: z.enum(phases),
  percent: figure,
  ...byteFigures,
  seconds_left: figure.meta({ description: "Until the health gate gives up." }),
});

export const ContainerMetrics = z
  .strictObject({
    cpu_percent: figure.meta({ description: "Of one core." }),
    memory_bytes: figure,
    memory_percent: figure,
    memory_limit_bytes: figure,
    net_rx_bytes: figure,
    net_tx_bytes: figure,
    net_rx_rate: figure.meta({ description: "Bytes per second." }),
    net_tx_rate: figure.meta({ description: "Bytes per second." }),
    block_read_bytes: figure,
    block_write_bytes: figure,
    block_read_rate: figure.meta({ description: "Bytes per second." }),
    block_write_rate: figure.meta({ description: "Bytes per second." }),
    pids: figure,
  })
  .meta({ id: "Metrics" });

const Pruned = {
  id: z.string().meta({ description: "The engine's id; a volume's name." }),
  name: z.string(),
  bytes: figure,
  reason: z.string(),
};

export const Prune = z
  .strictObject({
    what: z.enum(pruneKinds),
    preview: z.boolean().meta({ description: "Nothing was removed: this is what would be." }),
    reclaimed_bytes: figure.meta({ description: "Bytes that were freed; of a preview: at least so many." }),
    removed: z.array(z.strictObject(Pruned)),
    kept: z.array(z.strictObject({ ...Pruned, in_use: z.boolean() })),
  })
  .meta({ id: "Prune", description: "What a prune has removed, and what not." });

export const Operation = z
  .strictObject({
    id: z.string(),
    node: z.string(),
    command,
    container: z.string().nullable(),
    state: z.enum(["queued", "running", ...outcomeStates]),
    ended: z.boolean(),
    ok: z.boolean().nullable().meta({ description: "Did it do what was asked for? Null until it has ended." }),
    message: z.string().nullable(),
    from: z.string().nullable().meta({ description: "The version before." }),
    to: z.string().nullable().meta({ description: "The version after." }),
    started_at: time,
    finished_at: time.nullable(),
    phase: z.enum(phases).meta({ description: "`idle` once it has ended." }),
    percent: figure,
    ...byteFigures,
    results: z
      .array(z.strictObject({ container: z.string(), state: z.enum(outcomeStates), message: z.string() }))
      .optional()
      .meta({ description: "What became of each container, where the command was about several." }),
    backup: z.string().optional().meta({
      description: "The file with the container as it was: of a backup, and of an update before which one was made.",
    }),
    prune: Prune.optional(),
    plan: z.looseObject({}).optional().meta({ description: "What would be done: the answer to a dry run." }),
  })
  .meta({ id: "Operation" });

export const Container = z
  .strictObject({
    node: z.string(),
    name: z.string(),
    id: z.string(),
    image: z.string().meta({ description: "The reference that it was created from." }),
    image_id: z.string(),
    digest: z.string(),
    state: z.string(),
    running: z.boolean(),
    health: z.enum(["none", "starting", "healthy", "unhealthy"]),
    started_at: time.nullable(),
    finished_at: time.nullable(),
    restart_count: z.int(),
    exit_code: z.int().nullable(),
    update: z.strictObject({
      available: z.boolean(),
      status: z.enum(updateStatuses).nullable().meta({ description: "Of the last check." }),
      verdict: z
        .enum(["up_to_date", "update_available"])
        .nullable()
        .meta({ description: "The last that was certain." }),
      reason: z.string().nullable(),
      checked_at: time.nullable(),
      installed_version: z.string(),
      latest_version: z.string().nullable(),
      latest_since: time.nullable().meta({ description: "When the latest version was first seen." }),
      release_url: z.string().nullable().meta({ description: "Where to read what is new in it." }),
    }),
    auto_update: z.strictObject({
      on: z.boolean(),
      label: z.string().nullable().meta({ description: "The label that decides, so that the switch cannot." }),
    }),
    progress: Progress.nullable(),
    last_update: time.nullable().meta({ description: "When Gangway gave it a newer image last." }),
    last_result: Operation.nullable(),
    metrics: ContainerMetrics.nullable(),
  })
  .meta({ id: "Container" });

export const Node = z
  .strictObject({
    name: z.string(),
    engine: z.strictObject({ online: z.boolean(), version: z.string().nullable(), api_version: z.string().nullable() }),
    broker: z.strictObject({ online: z.boolean() }),
    containers: z.strictObject({ total: z.int(), running: z.int(), unhealthy: z.int() }).nullable(),
    updates: z.array(z.string()).nullable().meta({ description: "The containers that have one." }),
    last_check: time.nullable(),
    next_check: time.nullable(),
    disk: z
      .strictObject({
        images_bytes: figure.meta({ description: "All layers, each once." }),
        images_reclaimable_bytes: figure.meta({ description: "At least so much is freed without unused images." }),
        volumes_bytes: figure,
        volumes_reclaimable_bytes: figure.meta({ description: "Of those that no container uses." }),
        containers_bytes: figure.meta({ description: "What containers have written outside of volumes." }),
        build_cache_bytes: figure.meta({ description: "Without what images have too." }),
      })
      .nullable()
      .meta({ description: "Null where nobody wants to know: see the entities `node.images_size`, …" }),
    gangway_version: z.string(),
  })
  .meta({ id: "Node" });

export const Image = z
  .strictObject({
    node: z.string(),
    id: z.string(),
    tags: z.array(z.string()),
    digests: z.array(z.string()),
    created_at: time,
    used_by: z.array(z.string()).meta({ description: "The containers that run it, watched or not, stopped or not." }),
  })
  .meta({ id: "Image" });

export const Settings = z
  .strictObject({
    enabled: z.boolean(),
    auth: z.boolean(),
    api_key: z
      .string()
      .nullable()
      .meta({ description: "Never the key itself: `********`, or null where there is none." }),
    allowed_ips: z.array(z.string()),
    saved: z.array(z.enum(["enabled", "auth", "api_key", "allowed_ips"])).meta({
      description: "Which of them were changed here, so that the configuration does not decide them.",
    }),
    new_api_key: z.string().optional().meta({ description: "The key that was made, shown this once." }),
  })
  .meta({ id: "Settings" });

/** What a server-sent event holds, besides those that have `Operation` (`event: result`). */
export const Event = z
  .looseObject({
    event_type: z.enum(eventTypes),
    node: z.string(),
    time,
    container: z.string().nullable(),
    operation: z.string().nullable(),
  })
  .meta({ id: "Event" });
