/**
 * A tag that names a version: `v4.0.3-ls215`, `1.32.5.7349-8f4248874`, `16.2-alpine3.19`, `20240101`.
 *
 * Neither semantic versioning nor anybody's scheme is presumed, for tags follow none: by semver `-ls99` is later than
 * `-ls215`, and a fourth segment does not exist.
 */
export interface VersionTag {
  readonly text: string;
  /**
   * Everything but the numbers: tags of different families are of different kinds, such as another base image, another
   * architecture, a pre-release, or a date instead of a version. Only within a family is there an order.
   */
  readonly family: string;
  /** What stands before the version: `v`, `release-`. */
  readonly prefix: string;
  /** The version's numbers as they are written; longer than a number holds, where they are time stamps. */
  readonly segments: readonly string[];
  /** What stands after it, with `#` for each number and `%` for each commit hash: `-ls#`, `-alpine#.#`. */
  readonly suffix: string;
  /** The suffix's numbers. */
  readonly builds: readonly string[];
  /** What its first number is: a date can have any of its parts, a year stands alone. */
  readonly scheme: "version" | "year" | "date";
  /** One of its words says that it is no release yet. */
  readonly isPreRelease: boolean;
  /** One of its words names a processor's architecture. */
  readonly isForOneArchitecture: boolean;
}

const architecture =
  "(?:linux[-_])?(?:amd64|arm64(?:[-_]?v8)?|arm32[-_]?v[5-8]|arm[-_]?v[5-8](?:l|hf)?|armhf|armel|aarch64|" +
  "i[3-6]86|x86[-_]64|x86|x64|ppc64(?:le|el)?|s390x|riscv64|mips64(?:le|el)?|loong64|loongarch64)";
/** A commit; all digits is a number. `g` stands before those of `git describe`. */
const hash = "g?(?=[0-9]*[a-f])[0-9a-f]{7,64}";
const parts = new RegExp(
  `(?<![A-Za-z0-9])(?<architecture>${architecture})(?![A-Za-z0-9])|` +
    `(?<![A-Za-z0-9])(?<hash>${hash})(?![A-Za-z0-9])|(?<number>[0-9]+)|(?<character>.)`,
  "gs",
);

/** Signatures and the like, which some registries keep under tags of their own. */
const artifact = /\.(?:sig|att|sbom|cosign)$|^sha(?:256|512)-[0-9a-f]{32,}/;
/** What stands behind it is a commit, also where it is all digits. */
const beforeCommit = /(?:^|[-_.])(?:sha|commit)[-_.]?$/i;
const preReleaseWord =
  /(?<![a-z])(?:rc|alpha|beta|pre|preview|prerelease|dev|devel|develop|next|canary|snapshot|nightly|edge|unstable|testing|m(?=#))(?![a-z])/i;
/** https://peps.python.org/pep-0440/#pre-releases */
const pythonPreRelease = /^[ab]#/;

/** Reads a tag; undefined where it names no version: a word, a commit, a signature. */
export function versionTagFrom(text: string): VersionTag | undefined {
  if (artifact.test(text)) return undefined;
  const tokens = tokensOf(text);
  const first = tokens.findIndex(({ kind }) => kind === "number");
  if (first < 0) return undefined;
  const prefix = tokens.slice(0, first).map(templateOf).join("");
  if (beforeCommit.test(prefix)) return undefined;
  let end = first + 1;
  while (tokens[end]?.text === "." && tokens[end + 1]?.kind === "number") end += 2;
  const numbers = (range: readonly Token[]): readonly string[] =>
    range.flatMap((token) => (token.kind === "number" ? [token.text] : []));
  const segments = numbers(tokens.slice(first, end));
  const rest = tokens.slice(end);
  const suffix = rest.map(templateOf).join("");
  const scheme = schemeOf(segments);
  const kind = scheme === "date" ? `date${segments[0]?.length}` : scheme;
  return {
    text,
    family: [prefix, kind, segments.length, suffix].join(" "),
    prefix,
    segments,
    suffix,
    builds: numbers(rest),
    scheme,
    isPreRelease: preReleaseWord.test(prefix) || preReleaseWord.test(suffix) || pythonPreRelease.test(suffix),
    isForOneArchitecture: tokens.some(({ kind }) => kind === "architecture"),
  };
}

const kinds = ["architecture", "hash", "number", "character"] as const;

interface Token {
  readonly kind: (typeof kinds)[number];
  readonly text: string;
}

function tokensOf(text: string): readonly Token[] {
  return [...text.matchAll(parts)].map(({ 0: part, groups = {} }) => ({
    kind: kinds.find((kind) => groups[kind] !== undefined) ?? "character",
    text: part,
  }));
}

/** Neither sign can stand in a tag. */
function templateOf({ kind, text }: Token): string {
  return kind === "number" ? "#" : kind === "hash" ? "%" : text;
}

const year = /^(?:19|20)\d\d$/;
const date = /^(?:19|20)\d\d(?:0[1-9]|1[0-2])/;

/** Dates are of another kind than versions, and a day of another kind than a second. */
function schemeOf([first = ""]: readonly string[]): VersionTag["scheme"] {
  if (year.test(first)) return "year";
  return first.length <= 17 && date.test(first) ? "date" : "version";
}

/** Is there an order between them? */
export function isComparable(a: VersionTag, b: VersionTag): boolean {
  return a.family === b.family;
}

/**
 * Negative where `a` is the older one, 0 where neither is. A total preorder over all tags; it means something within a
 * family only. Commits have no order.
 */
export function compareVersions(a: VersionTag, b: VersionTag): number {
  return compareLists(a.segments, b.segments) || compareLists(a.builds, b.builds);
}

/** A total order, newest first; of equal ones the shorter comes first, then by code units. */
export function newestFirst(a: VersionTag, b: VersionTag): number {
  return compareVersions(b, a) || a.text.length - b.text.length || (a.text < b.text ? -1 : a.text > b.text ? 1 : 0);
}

/** The same kind of tag with more numbers: `1.27.3` for `1.27`, `16.2-alpine3.19` for `16-alpine`. */
export function isMoreExact(exact: VersionTag, tag: VersionTag): boolean {
  const startsAlike = tag.segments.every(
    (segment, index) => compareNumbers(segment, exact.segments[index] ?? "") === 0,
  );
  const isLonger = exact.segments.length > tag.segments.length;
  const endsAlike = exact.suffix === tag.suffix || (tag.suffix !== "" && exact.suffix.startsWith(tag.suffix));
  return exact.prefix === tag.prefix && isLonger && startsAlike && endsAlike;
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (let index = 0; index < Math.min(a.length, b.length); index += 1) {
    const found = compareNumbers(a[index] ?? "", b[index] ?? "");
    if (found !== 0) return found;
  }
  return Math.sign(a.length - b.length);
}

/** Of any length: a time stamp to the millisecond is beyond what a number can tell apart. */
function compareNumbers(a: string, b: string): number {
  const [left, right] = [a, b].map((digits) => digits.replace(/^0+(?=\d)/, "")) as [string, string];
  return Math.sign(left.length - right.length) || (left < right ? -1 : left > right ? 1 : 0);
}
