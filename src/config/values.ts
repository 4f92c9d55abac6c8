import { Cron } from "croner";
import { z } from "zod";
import { isTag } from "../core/image-reference.ts";
import { addressRangeFrom } from "../lib/addresses.ts";
import { linearPatternFrom, longestPattern } from "../lib/linear-pattern.ts";
import { brokerUrlFrom, engineTransportOf, type ListenAddress, listenAddressFrom, listenText } from "./address.ts";
import { type Duration, durationFrom, durationPattern, durationText } from "./duration.ts";

/*
 * The kinds of values in the configuration. Each refuses with the words for what it expects, in the form
 * "expected …", and can be written back (`z.encode`) in the form that it is read from.
 */

/** When something recurs: by a five-field cron expression in the machine's time zone, or every so often. */
export type Schedule =
  | { readonly kind: "cron"; readonly expression: string }
  | { readonly kind: "interval"; readonly ms: number };

// setTimeout counts to 2^31 - 1 ms and fires at once beyond.
const longest = "24d";
const shortestInterval = "1m";

/** What a section expects. */
export const section = "a section with keys of its own";

/** Text that is not empty. */
export function text(expected: string): z.ZodString {
  return z.string(expected).min(1, expected);
}

/** Whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max: number): z.ZodInt {
  const expected = `a whole number from ${min} to ${max}`;
  return z.int(expected).min(min, expected).max(max, expected);
}

export function yesOrNo(): z.ZodBoolean {
  return z.boolean("true or false");
}

/** Durations of at least `min`, at most 24 days; with `zeroIsOff` also 0. */
export function duration(options: { readonly min: string; readonly zeroIsOff?: boolean }) {
  const zero = options.zeroIsOff === true ? "0, or " : "";
  const expected = `${zero}a duration from ${options.min} to ${longest} such as 500ms, 30s, 15m, 6h or 1d (a bare number is seconds)`;
  return z.codec(numberOrText(expected, durationPattern), z.custom<Duration>(), {
    decode: (value, context): Duration => {
      const found = durationFrom(value);
      const allowed = found !== undefined && (isWithin(found, options.min) || (zero !== "" && found.ms === 0));
      return allowed ? found : refuse(context, value, expected);
    },
    encode: durationText,
  });
}

/** Schedules; an interval is at least a minute, and a cron expression must have a next time. */
export function schedule() {
  const expected = `a cron expression with five fields such as "0 */6 * * *", or an interval from ${shortestInterval} to ${longest} such as 6h`;
  return z.codec(numberOrText(expected), z.custom<Schedule>(), {
    decode: (value, context): Schedule => {
      const interval = durationFrom(value);
      if (interval !== undefined) {
        if (!isWithin(interval, shortestInterval)) return refuse(context, value, expected);
        return { kind: "interval", ms: interval.ms };
      }
      const expression = String(value).trim();
      return hasNextTime(expression) ? { kind: "cron", expression } : refuse(context, value, expected);
    },
    encode: (value) => (value.kind === "cron" ? value.expression : durationText(value)),
  });
}

/** A cron expression with five fields, which must have a next time. */
export function cronExpression(): z.ZodString {
  const expected = 'a cron expression with five fields such as "0 3 * * *"';
  return z.string(expected).trim().refine(hasNextTime, expected);
}

function hasNextTime(expression: string): boolean {
  try {
    return new Cron(expression, { mode: "5-part", paused: true }).nextRun() !== null;
  } catch {
    return false;
  }
}

/** `host:port` of a server of our own. */
export function listenAddress() {
  const expected = "an IP address and a port such as 127.0.0.1:5000 or [::1]:5000 (0.0.0.0:5000 for all addresses)";
  return z.codec(text(expected), z.custom<ListenAddress>(), {
    decode: (value, context): ListenAddress => listenAddressFrom(value) ?? refuse(context, value, expected),
    encode: listenText,
  });
}

/** A range of IP addresses in CIDR form, or a single address. */
export function addressRange(): z.ZodString {
  const expected = "an IP address or a range such as 192.168.1.0/24 or 2001:db8::/32";
  return z.string(expected).refine((value) => addressRangeFrom(value) !== undefined, expected);
}

/** The origin of pages, as browsers send it, or `*`. */
export function origin(): z.ZodString {
  const expected = "an origin such as https://dashboard.example or http://192.0.2.7:8123, or * for any";
  return z.string(expected).refine((value) => value === "*" || URL.parse(value)?.origin === value, expected);
}

/** A topic, or the first levels of one. */
export function topic(): z.ZodString {
  const expected = "a topic without wildcards (+ #), spaces at its ends, empty levels or a leading $, such as gangway";
  return z.string(expected).regex(/^(?![$\s])[^+#/\0]+(?:\/[^+#/\0]+)*(?<!\s)$/u, expected);
}

export function brokerUrl(): z.ZodString {
  const expected = "a broker's address such as mqtt://host:1883, mqtts://host:8883, ws://host:9001 or wss://host/mqtt";
  return text(expected).refine((value) => brokerUrlFrom(value) !== undefined, expected);
}

export function engineHost(): z.ZodString {
  const expected =
    "an engine's address: unix:///path/of/docker.sock, tcp://host:2375 or https://host:2376 (for SSH, forward the socket)";
  return text(expected).refine((value) => engineTransportOf(value) !== undefined, expected);
}

/** A registry's host as it stands in image references, in lower case; all names of Docker Hub become `docker.io`. */
export function registryHost(): z.ZodString {
  const expected = "a registry's host without scheme or path, such as ghcr.io, docker.io or 192.0.2.7:5000";
  return z
    .string(expected)
    .regex(/^(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/, expected)
    .overwrite((value) => registryName(value));
}

/** The one name for a registry that `registryHost` makes of `host`. */
export function registryName(host: string): string {
  const name = host.toLowerCase();
  return ["index.docker.io", "registry-1.docker.io", "registry.hub.docker.com"].includes(name) ? "docker.io" : name;
}

/** A regular expression for tags, in the syntax that takes linear time. */
export function tagPattern(): z.ZodString {
  const expected = "a regular expression for tags such as ^[0-9]+\\.[0-9]+\\.[0-9]+$";
  return text(expected)
    .max(longestPattern, `a regular expression of at most ${longestPattern} characters`)
    .superRefine((value, context) => {
      const pattern = linearPatternFrom(value);
      if (pattern.kind === "refused") {
        context.addIssue({ code: "custom", input: value, message: `${expected} (${pattern.reason})` });
      }
    });
}

export function tagName(): z.ZodString {
  const expected = "a tag such as latest";
  return text(expected).refine(isTag, expected);
}

function numberOrText(expected: string, pattern = /./) {
  return z.union([z.number(expected).min(0, expected), z.string(expected).regex(pattern, expected)], expected);
}

function isWithin(found: Duration, min: string): boolean {
  return found.ms >= (durationFrom(min)?.ms ?? 0) && found.ms <= (durationFrom(longest)?.ms ?? 0);
}

function refuse(
  context: z.core.$RefinementCtx | { issues: z.core.$ZodRawIssue[] },
  input: unknown,
  message: string,
): never {
  context.issues.push({ code: "custom", input, message });
  return z.NEVER;
}
