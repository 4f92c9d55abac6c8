/** A name with its values: what Prometheus calls a metric family. */
export interface Family {
  readonly name: string;
  readonly type: "gauge" | "counter";
  readonly help: string;
  readonly samples: readonly Sample[];
}

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  /** Null: not known; the sample is then left out, for zero would be a lie. */
  readonly value: number | null;
}

export const expositionType = "text/plain; version=0.0.4; charset=utf-8";
const longestLabel = 255;

/**
 * Prometheus's text format (https://prometheus.io/docs/instrumenting/exposition_formats/). A family without a known
 * value is left out.
 */
export function expositionOf(families: readonly Family[]): string {
  return families.map(familyText).join("");
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.flatMap(({ labels, value }) =>
    value === null ? [] : [`${name}${labelsText(labels)} ${numberText(value)}\n`],
  );
  if (lines.length === 0) return "";
  return `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${labelText(value)}"`);
  return parts.length === 0 ? "" : `{${parts.join(",")}}`;
}

function labelText(value: string): string {
  return value.slice(0, longestLabel).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function numberText(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (Number.isFinite(value)) return String(value);
  return value > 0 ? "+Inf" : "-Inf";
}
