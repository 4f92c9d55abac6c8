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
  readonly downloaded: number;
}

/** What the engine said last. */
export interface PullDetail {
  readonly layer: string;
  /** The engine's word: `Downloading`, `Extracting`, … */
  readonly word: string;
  /** Downloaded of all layers, as far as their sizes are known. */
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface PullState {
  readonly layers: ReadonlyMap<string, Layer>;
  /** Absent until the first line about a layer. */
  readonly detail?: PullDetail;
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
  const layer = {
    fraction: Math.max(fraction, before?.fraction ?? 0),
    bytes,
    downloaded: downloadedBytes(line, bytes, before?.downloaded ?? 0),
  };
  const layers = new Map(state.layers).set(line.layer, layer);
  const known = [...layers.values()];
  const detail: PullDetail = {
    ...{ layer: line.layer, word: line.status },
    bytes: known.reduce((sum, { downloaded }) => sum + downloaded, 0),
    totalBytes: known.reduce((sum, { bytes: size = 0 }) => sum + size, 0),
  };
  return { layers, detail, percent: Math.max(state.percent, percentOver(known)) };
}

/** Whatever comes after the download has all of it. */
function downloadedBytes({ status, current = 0 }: PullLine, bytes: number | undefined, before: number): number {
  if (bytes === undefined) return 0;
  if (status === "Pulling fs layer" || status === "Waiting") return before;
  return status === "Downloading" ? Math.min(bytes, Math.max(before, current)) : bytes;
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
