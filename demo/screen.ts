import { compareNaturally } from "../src/lib/text.ts";

/** One container's line: what its topics say. */
export interface Line {
  readonly name: string;
  readonly state: string;
  readonly health: string;
  readonly installed: string;
  readonly latest: string | undefined;
  readonly phase: string;
  readonly percent: number | null;
  readonly secondsLeft: number | null;
  readonly cpu: number | null;
  readonly memoryBytes: number | null;
}

/** Where the story is shown: a table that changes in place on a terminal, lines of text elsewhere. */
export interface Screen {
  /** A chapter of the story begins. */
  readonly chapter: (text: string) => void;
  /** Something worth keeping has happened. */
  readonly say: (text: string) => void;
  readonly show: (lines: readonly Line[]) => void;
  /** Leaves the table where it is; what follows goes below. */
  readonly close: () => void;
}

const esc = "\u001b[";
const style = (code: number, text: string): string => `${esc}${code}m${text}${esc}0m`;
const plain = (text: string): string => text;

interface Palette {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly good: (text: string) => string;
  readonly warning: (text: string) => string;
  readonly bad: (text: string) => string;
}

const colours: Palette = {
  bold: (text) => style(1, text),
  dim: (text) => style(2, text),
  good: (text) => style(32, text),
  warning: (text) => style(33, text),
  bad: (text) => style(31, text),
};
const noColours: Palette = { bold: plain, dim: plain, good: plain, warning: plain, bad: plain };

interface Output {
  readonly isTTY?: boolean;
  readonly columns?: number;
  readonly write: (text: string) => unknown;
}

/** A screen on `output`; without a terminal it writes the story only, and each table once a chapter. */
export function openScreen(output: Output): Screen {
  const live = output.isTTY === true;
  const palette = live ? colours : noColours;
  let drawn = 0;
  let last: readonly Line[] = [];
  const erase = (): void => {
    if (drawn > 0) output.write(`${esc}${drawn}A${esc}J`);
    drawn = 0;
  };
  const draw = (): void => {
    const rows = tableRows(last, palette, output.columns ?? 100);
    output.write(rows.map((row) => `${row}\n`).join(""));
    drawn = rows.length;
  };
  const above = (text: string): void => {
    if (!live) {
      output.write(`${text}\n`);
      return;
    }
    erase();
    output.write(`${text}\n`);
    draw();
  };
  return {
    chapter: (text) => above(`\n${palette.bold(text)}`),
    say: (text) => above(`  ${text}`),
    show: (lines) => {
      last = [...lines].sort((a, b) => compareNaturally(a.name, b.name));
      if (!live) return;
      erase();
      draw();
    },
    close: () => {
      if (!live) output.write(`\n${tableRows(last, palette, 200).join("\n")}\n`);
      drawn = 0;
    },
  };
}

const headings = ["container", "state", "health", "installed", "latest", "cpu", "memory", "update"];

function tableRows(lines: readonly Line[], palette: Palette, columns: number): readonly string[] {
  const cells = lines.map((line) => [
    line.name,
    line.state,
    line.health === "none" ? "" : line.health,
    line.installed,
    line.latest === undefined || line.latest === line.installed ? "" : line.latest,
    line.cpu === null ? "" : `${line.cpu.toFixed(1)} %`,
    line.memoryBytes === null ? "" : `${(line.memoryBytes / 1_048_576).toFixed(1)} MiB`,
    progressText(line),
  ]);
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const rowText = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .slice(0, columns - 1)
      .trimEnd();
  const body = cells.map((row, index) => {
    const line = lines[index];
    return line === undefined ? rowText(row) : coloured(rowText(row), line, palette);
  });
  return ["", palette.dim(rowText(headings)), ...body];
}

function coloured(text: string, line: Line, palette: Palette): string {
  if (line.phase === "rolling_back" || line.health === "unhealthy") return palette.bad(text);
  if (line.phase !== "idle" || (line.latest ?? line.installed) !== line.installed) return palette.warning(text);
  return line.state === "running" ? palette.good(text) : text;
}

const barWidth = 12;

function progressText({ phase, percent, secondsLeft, latest, installed }: Line): string {
  if (phase === "idle") return latest === undefined ? "" : latest === installed ? "up to date" : "update available";
  const filled = Math.round(((percent ?? 0) / 100) * barWidth);
  const bar = percent === null ? "" : ` ${"█".repeat(filled)}${"░".repeat(barWidth - filled)} ${percent} %`;
  return `${phase.replace("_", " ")}${bar}${secondsLeft === null ? "" : ` (${secondsLeft} s left)`}`;
}
