import { fingerprintOf } from "./fingerprint.ts";

/** Holds a device's discovery payload back while Home Assistant may still be at work on the one before. */
export interface Settling {
  /** Publishes at once, or when the time is over; a payload that comes meanwhile takes the place of one that waits. */
  readonly offer: (topic: string, payload: string, onTaken?: () => void) => void;
  /** The device is removed: nothing of it waits or is remembered. */
  readonly forget: (topic: string) => void;
}

/**
 * Home Assistant loses components when a second, different payload for a device arrives while it handles the first.
 * The first of a session goes at once; a different one waits until `quietMs` after the last.
 */
export function createSettling(
  publish: (topic: string, payload: string, onTaken?: () => void) => void,
  quietMs: number,
  signal: AbortSignal,
): Settling {
  const devices = new Map<string, { sent: string; at: number; timer?: NodeJS.Timeout }>();
  signal.addEventListener("abort", () => {
    for (const { timer } of devices.values()) clearTimeout(timer);
  });
  const send = (topic: string, payload: string, onTaken?: () => void): void => {
    devices.set(topic, { sent: fingerprintOf(payload), at: performance.now() });
    publish(topic, payload, onTaken);
  };
  return {
    forget: (topic) => {
      clearTimeout(devices.get(topic)?.timer);
      devices.delete(topic);
    },
    offer: (topic, payload, onTaken) => {
      if (signal.aborted) return;
      const device = devices.get(topic);
      clearTimeout(device?.timer);
      if (device === undefined) {
        send(topic, payload, onTaken);
      } else if (device.sent === fingerprintOf(payload)) {
        // Sent already; a different one that waited is taken back by this.
        publish(topic, payload, onTaken);
      } else {
        const wait = Math.max(0, device.at + quietMs - performance.now());
        device.timer = setTimeout(() => send(topic, payload, onTaken), wait);
      }
    },
  };
}
