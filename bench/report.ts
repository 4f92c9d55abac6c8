import { type Figure, type FigureName, figureList, type Samples } from "./figures.ts";
import type { Machine } from "./machine.ts";
import { median } from "./statistics.ts";

/** What was measured with so many containers. */
export interface Column {
  readonly containers: number;
  readonly engine: string;
  readonly samples: Samples;
}

export interface Report {
  readonly machine: Machine;
  readonly columns: readonly Column[];
}

type Paint = (text: string) => string;

export interface Palette {
  readonly title: Paint;
  readonly good: Paint;
  readonly bad: Paint;
  readonly dim: Paint;
}

const esc = "\u001b[";
const coloured =
  (code: number): Paint =>
  (text) =>
    `${esc}${code}m${text}${esc}0m`;
const plain: Paint = (text) => text;
export const colours: Palette = { title: coloured(1), good: coloured(32), bad: coloured(31), dim: coloured(2) };
export const noColours: Palette = { title: plain, good: plain, bad: plain, dim: plain };

const widths = { title: 46, unit: 5, cell: 26 };

/** Is the middle of what was measured above the target? Rounded as it is shown. */
export function isMissed({ target, digits }: Figure, values: readonly number[]): boolean {
  return target !== undefined && Number(median(values).toFixed(digits)) > target;
}

/** The figures whose target is missed. */
export function missedIn({ samples }: Column): readonly FigureName[] {
  return figureList.filter(([name, figure]) => isMissed(figure, samples[name] ?? [])).map(([name]) => name);
}

/** The report as a table: a line for each figure, a column for each number of containers. */
export function tableOf({ machine, columns }: Report, palette: Palette): string {
  const head = columns.map(({ containers }) => `${containers} containers`.padEnd(widths.cell)).join("");
  const sections = [...new Set(figureList.map(([, { section }]) => section))];
  const lines = sections.flatMap((section) => [
    "",
    palette.title(section),
    ...figureList
      .filter(([, figure]) => figure.section === section)
      .map(([name, figure]) => `  ${lineOf(name, figure, columns, palette)}`),
  ]);
  const title = `${" ".repeat(widths.title + widths.unit + 2)}${head}${"target"}`;
  return [...notesOf(machine, columns).map(palette.dim), "", palette.title(title), ...lines, ""].join("\n");
}

function lineOf(name: FigureName, figure: Figure, columns: readonly Column[], palette: Palette): string {
  const cells = columns.map(({ samples }) => cellOf(figure, samples[name] ?? [], palette)).join("");
  const target = figure.target === undefined ? "" : `at most ${figure.target}`;
  return `${figure.title.padEnd(widths.title)}${figure.unit.padEnd(widths.unit)}${cells}${target}`.trimEnd();
}

/** `1.21 [1.10-1.43] ok`: the median, the least and the most, and the mark. */
function cellOf(figure: Figure, values: readonly number[], palette: Palette): string {
  if (values.length === 0) return "-".padEnd(widths.cell);
  const show = (value: number): string => value.toFixed(figure.digits);
  const range = values.length === 1 ? "" : ` [${show(Math.min(...values))}-${show(Math.max(...values))}]`;
  const mark = figure.target === undefined ? "" : isMissed(figure, values) ? "missed" : "ok";
  const paint = mark === "missed" ? palette.bad : mark === "ok" ? palette.good : plain;
  const text = `${show(median(values))}${range}`;
  return `${text} ${paint(mark)}${" ".repeat(Math.max(1, widths.cell - text.length - mark.length - 1))}`;
}

function notesOf(machine: Machine, columns: readonly Column[]): readonly string[] {
  const { processor, cores, memoryGib, system, kernel, node, mosquitto, load } = machine;
  const engines = [...new Set(columns.map(({ engine }) => engine))].join(", ");
  return [
    `${processor}, ${cores} cores, ${memoryGib} GiB; ${system}, Linux ${kernel}; load ${load.toFixed(1)} before`,
    `Docker ${engines}, Node.js ${node.slice(1)}, mosquitto ${mosquitto}; median [least-most]`,
  ];
}
