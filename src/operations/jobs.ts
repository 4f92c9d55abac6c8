import type { OperationBook, PendingOperation } from "../core/doors.ts";
import type { Command } from "../core/operation.ts";
import type { Submission } from "../core/ports.ts";

/** A command that waits or runs. */
export interface Job {
  readonly command: Command;
  readonly submission: Submission;
  readonly source: string;
  readonly submittedAt: string;
  readonly place: Place;
}

/** A job's place in the queue: until it has begun it can be given up. */
export interface Place {
  state: "queued" | "running" | "given_up";
  /** The ids under which others wait for the same end. */
  readonly joined: string[];
  /** Tells the end of a job that has not begun. */
  readonly giveUp: () => void;
}

/** All that waits or runs, by what it is about. */
export interface Jobs extends Pick<OperationBook, "pending" | "cancel"> {
  /** The one that came last, unless nobody waits for it any more. */
  readonly last: (subject: string) => Job | undefined;
  readonly add: (subject: string, job: Job) => void;
  /** Takes a job out; gives the one that is next. */
  readonly remove: (subject: string, job: Job) => Job | undefined;
  readonly all: () => readonly Job[];
}

export function createJobs(): Jobs {
  /** By subject, in the order in which they came. */
  const jobs = new Map<string, readonly Job[]>();
  const all = (): readonly Job[] => [...jobs.values()].flat();
  return {
    all,
    last: (subject) => (jobs.get(subject) ?? []).findLast(({ place }) => place.state !== "given_up"),
    add: (subject, job) => {
      jobs.set(subject, [...(jobs.get(subject) ?? []), job]);
    },
    remove: (subject, job) => {
      const rest = (jobs.get(subject) ?? []).filter((another) => another !== job);
      if (rest.length > 0) jobs.set(subject, rest);
      else jobs.delete(subject);
      return rest[0];
    },
    pending: () =>
      all()
        .flatMap(pendingFrom)
        .sort((a, b) => (a.submittedAt < b.submittedAt ? -1 : a.submittedAt > b.submittedAt ? 1 : 0)),
    cancel: (id) => {
      const job = all().find(({ submission, place }) => submission.id === id || place.joined.includes(id));
      if (job?.place.state === "running") return "running";
      if (job?.place.state !== "queued") return "unknown";
      job.place.state = "given_up";
      job.place.giveUp();
      return "cancelled";
    },
  };
}

function pendingFrom({ command, submission: { id }, source, submittedAt, place }: Job): readonly PendingOperation[] {
  const { state, joined } = place;
  if (state === "given_up") return [];
  const container = "container" in command ? (command.container ?? null) : null;
  return [{ id, joined: [...joined], command: command.kind, container, state, source, submittedAt }];
}
