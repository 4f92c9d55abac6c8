/** One challenge of a `WWW-Authenticate` header (RFC 9110, section 11.6.1). */
export interface Challenge {
  /** In lower case: `bearer`, `basic`. */
  readonly scheme: string;
  /** By name in lower case; the first where a name is repeated. */
  readonly parameters: ReadonlyMap<string, string>;
}

const separators = /[\s,]*/y;
const token = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const equals = /[ \t]*=[ \t]*/y;
const quoted = /"((?:[^"\\]|\\[\s\S])*)(?:"|\\?$)/y;
/** More than RFC 9110 allows: some registries leave the quotes of a URL out. */
const bare = /[^\s,"]*/y;
/** What `Negotiate` and the like carry instead of parameters. */
const token68 = /[ \t]+[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/**
 * All challenges of all `WWW-Authenticate` headers of an answer, in their order; several headers are given joined by
 * commas. Never fails: what cannot be understood is skipped.
 */
export function parseChallenges(header: string): readonly Challenge[] {
  const challenges: { scheme: string; parameters: Map<string, string> }[] = [];
  let position = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(header);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  while (position < header.length) {
    take(separators);
    const name = take(token)?.[0].toLowerCase();
    if (name === undefined) {
      position += 1;
      continue;
    }
    if (take(equals) === null) {
      challenges.push({ scheme: name, parameters: new Map() });
      take(token68);
      continue;
    }
    const value = take(quoted)?.[1]?.replace(/\\([\s\S])/g, "$1") ?? take(bare)?.[0] ?? "";
    const { parameters } = challenges.at(-1) ?? { parameters: new Map<string, string>() };
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return challenges;
}
