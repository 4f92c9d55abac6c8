const names: Readonly<Record<number, string>> = { 10: "trace", 20: "debug", 30: "info", 40: "warn", 50: "error" };

/** A line of the log, as a person at a terminal reads it: `09:15:02 info  engine is online  engine=26.1.5 containers=12`. */
export function logLineText(line: string): string {
  const { level, time, msg, err, ...fields } = JSON.parse(line) as {
    readonly level: number;
    readonly time: string;
    readonly msg?: string;
    readonly err?: { readonly message?: string; readonly code?: string };
    readonly [field: string]: unknown;
  };
  const shown = Object.entries(fields).map(([name, value]) => `${name}=${valueText(value)}`);
  const fault = err === undefined ? [] : [`error=${valueText(err.message ?? err)}`];
  const rest = [...shown, ...fault].join(" ");
  const clock = time.slice(11, 19);
  return `${clock} ${(names[level] ?? String(level)).padEnd(5)} ${msg ?? ""}${rest === "" ? "" : `  ${rest}`}\n`;
}

function valueText(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
