/** A line of the engine's pull stream, as far as progress is concerned. */
export interface PullLine {
  readonly layer: string | undefined;
  readonly status: string;
  readonly current: number | undefined;
  readonly total: number | undefined;
}

interface Layer {
  readonly fraction: number;
  readonly bytes: number | undefined;
}

export interface PullState {
  readonly layers: ReadonlyMap<string, Layer>;
  /** 0 to 99; never falls. */
  readonly percent: number;
}

export const pullStart: PullState = { layers: new Map(), percent: 0 };

/** Downloading is most of a layer's work, extracting the rest. */
const downloadShare = 0.7;

const doneFractions: Readonly<Record<string, number>> = {
  "Pulling fs layer": 0,
  Waiting: 0,
  "Verifying Checksum": downloadShare,
  "Download complete": downloadShare,
  "Pull complete": 1,
  "Already exists": 1,
};

/**
 * The state after one more line. Layers count by their bytes; one whose size is not known yet counts as the mean of the
 * others. A total that becomes known late would make the figure fall: it stays where it was until it is overtaken.
 */
export function pullStateAfter(state: PullState, line: PullLine): PullState {
  const fraction = fractionOf(line);
  if (line.layer === undefined || fraction === undefined) return state;
  const before = state.layers.get(line.layer);
  const bytes = line.status === "Downloading" ? (line.total ?? before?.bytes) : before?.bytes;
  const layers = new Map(state.layers).set(line.layer, { fraction: Math.max(fraction, before?.fraction ?? 0), bytes });
  return { layers, percent: Math.max(state.percent, percentOver([...layers.values()])) };
}

function fractionOf(line: PullLine): number | undefined {
  const done = doneFractions[line.status];
  if (done !== undefined) return done;
  if (line.current === undefined || line.total === undefined || line.total <= 0) return undefined;
  const part = Math.min(1, line.current / line.total);
  if (line.status === "Downloading") return part * downloadShare;
  if (line.status === "Extracting") return downloadShare + part * (1 - downloadShare);
  return undefined;
}

function percentOver(layers: readonly Layer[]): number {
  const sizes = layers.flatMap(({ bytes }) => (bytes === undefined ? [] : [bytes]));
  const mean = sizes.length === 0 ? 1 : sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  let weight = 0;
  let done = 0;
  for (const { fraction, bytes } of layers) {
    weight += bytes ?? mean;
    done += (bytes ?? mean) * fraction;
  }
  return weight === 0 ? 0 : Math.min(99, Math.floor((done / weight) * 100));
}
