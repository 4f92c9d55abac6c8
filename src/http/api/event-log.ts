import { randomBytes } from "node:crypto";
import { isoSeconds } from "../../core/container.ts";
import type { NodeNews } from "../../core/doors.ts";
import type { Clock } from "../../lib/time.ts";
import { eventView, resultView } from "./views.ts";

/** Something that happened, as it is sent. */
export interface LoggedEvent {
  readonly node: string;
  /** A whole message of the stream, with its id. */
  readonly text: string;
}

/** What happened last, for those who were away for a moment. */
export interface EventLog {
  readonly add: (node: string, news: NodeNews) => LoggedEvent;
  /** All that came after the message with this id; undefined where something before that is forgotten. */
  readonly since: (id: string) => readonly LoggedEvent[] | undefined;
}

const mostEvents = 500;
/** Less than a listener may be behind (`events.ts`): all of it is sent at once. In characters. */
const mostText = 192 * 1024;

/** Ids are of one life of Gangway: what happened before its start nobody knows any more. */
export function createEventLog({ clock }: { readonly clock: Pick<Clock, "now"> }): EventLog {
  const life = randomBytes(4).toString("hex");
  const kept: { readonly id: number; readonly event: LoggedEvent }[] = [];
  let last = 0;
  let length = 0;
  return {
    add: (node, news) => {
      last += 1;
      const event = { node, text: messageOf(`${life}-${last}`, node, news, clock.now()) };
      kept.push({ id: last, event });
      length += event.text.length;
      while (kept.length > mostEvents || length > mostText) length -= kept.shift()?.event.text.length ?? 0;
      return event;
    },
    since: (wanted) => {
      const { of, digits } = /^(?<of>[0-9a-f]{8})-(?<digits>\d{1,15})$/.exec(wanted)?.groups ?? {};
      const id = Number(digits);
      const oldest = kept[0]?.id ?? last + 1;
      if (of !== life || id > last || id < oldest - 1) return undefined;
      return kept.filter((one) => one.id > id).map(({ event }) => event);
    },
  };
}

function messageOf(id: string, node: string, news: NodeNews, now: number): string {
  const [type, shown] =
    news.kind === "result"
      ? ["result", resultView({ ...news.result, node })]
      : [news.event.type, eventView(node, news.event, isoSeconds(now))];
  return `id: ${id}\nevent: ${type}\ndata: ${JSON.stringify(shown)}\n\n`;
}
