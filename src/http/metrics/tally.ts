import type { NodeNews } from "../../core/doors.ts";
import type { EventType } from "../../core/node-event.ts";
import type { CommandKind, OutcomeState } from "../../core/operation.ts";

/** What has happened on a node since the start: as many rows at most as there are words. */
export interface Tally {
  readonly operations: readonly {
    readonly command: CommandKind;
    readonly state: OutcomeState;
    readonly count: number;
    readonly seconds: number;
  }[];
  readonly events: readonly { readonly type: EventType; readonly count: number }[];
}

export const emptyTally: Tally = { operations: [], events: [] };

/** `tally` with `news` counted; what was joined is one operation. */
export function counted({ operations, events }: Tally, news: NodeNews): Tally {
  if (news.kind === "event") {
    const { type } = news.event;
    const before = events.find((row) => row.type === type)?.count ?? 0;
    return { operations, events: [...events.filter((row) => row.type !== type), { type, count: before + 1 }] };
  }
  if (news.joined) return { operations, events };
  const { command, state, startedAt, finishedAt } = news.result;
  const isOther = (row: Tally["operations"][number]): boolean => row.command !== command || row.state !== state;
  const { count, seconds } = operations.find((row) => !isOther(row)) ?? { count: 0, seconds: 0 };
  const took = Math.max(0, Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  return {
    operations: [...operations.filter(isOther), { command, state, count: count + 1, seconds: seconds + took }],
    events,
  };
}
