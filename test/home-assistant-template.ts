/** A template of a form that Gangway uses, and what Home Assistant's Jinja makes of it. */
interface Form {
  readonly pattern: RegExp;
  readonly render: (read: (member: string) => unknown, groups: Readonly<Record<string, string>>) => unknown;
}

const member = (name = "member"): string => `value_json\\.(?<${name}>\\w+)`;

const forms: readonly Form[] = [
  { pattern: formOf(member()), render: (read, { member: of = "" }) => read(of) },
  {
    pattern: formOf(
      `\\(${member()} / (?<divisor>\\d+)\\) \\| round\\((?<digits>\\d)\\) if value_json\\.\\k<member> is not none else None`,
    ),
    render: (read, { member: of = "", divisor, digits }) => {
      const found = read(of);
      return found === null ? null : Number((Number(found) / Number(divisor)).toFixed(Number(digits)));
    },
  },
  {
    pattern: formOf(
      `(?<nullable>None if value_json\\.\\w+ is none else )?'ON' if ${member()}(?: == '(?<word>\\w+)')? else 'OFF'`,
    ),
    render: (read, { nullable, member: of = "", word }) => {
      const found = read(of);
      if (nullable !== undefined && found === null) return null;
      return (word === undefined ? Boolean(found) : found === word) ? "ON" : "OFF";
    },
  },
  {
    pattern: formOf("\\{(?<members>'\\w+': value_json\\.\\w+(?:, '\\w+': value_json\\.\\w+)*)\\} \\| tojson"),
    render: (read, { members = "" }) =>
      Object.fromEntries(
        [...members.matchAll(/'(?<name>\w+)': value_json\.(?<of>\w+)/g)].map(({ groups = {} }) => [
          groups["name"] ?? "",
          read(groups["of"] ?? ""),
        ]),
      ),
  },
];

function formOf(source: string): RegExp {
  return new RegExp(`^\\{\\{ ${source} \\}\\}$`);
}

/**
 * What a template makes of a message: null for Home Assistant's "unknown". Throws for a message that is no JSON object,
 * for a member that it does not have (Home Assistant logs a warning), and for a template of a form that is not known here.
 */
export function rendered(template: string, payload: string): unknown {
  const json: unknown = JSON.parse(payload);
  if (typeof json !== "object" || json === null || Array.isArray(json)) throw new Error("is no JSON object");
  const members = json as Readonly<Record<string, unknown>>;
  const read = (name: string): unknown => {
    if (members[name] === undefined) throw new Error(`has no member "${name}", which ${template} reads`);
    return members[name];
  };
  for (const { pattern, render } of forms) {
    const match = pattern.exec(template);
    if (match !== null) return render(read, match.groups ?? {});
  }
  throw new Error(`is read by a template that test/home-assistant-template.ts does not know: ${template}`);
}
