/** A member of a tar archive. */
export interface TarMember {
  /** Relative, without a leading slash. */
  readonly path: string;
  /** What is in a file, or `{ linkTo }` for a symbolic link; a path that ends in `/` is a directory. */
  readonly content: Buffer | string | { readonly linkTo: string };
  /** Permission bits; 0o755 if absent. */
  readonly mode?: number;
  /** Root's, if absent. */
  readonly uid?: number;
  readonly gid?: number;
  /** Seconds since 1970; 0 if absent. */
  readonly mtime?: number;
}

const blockLength = 512;

/** The members as a tar archive in POSIX ustar format: same members, same bytes. */
export function tarOf(members: readonly TarMember[]): Buffer {
  return Buffer.concat([...members.flatMap(blocksOf), Buffer.alloc(2 * blockLength)]);
}

function blocksOf(member: TarMember): readonly Buffer[] {
  const { content } = member;
  const isLink = typeof content === "object" && "linkTo" in content;
  const body = isLink ? Buffer.alloc(0) : Buffer.from(content);
  const padding = Buffer.alloc((blockLength - (body.length % blockLength)) % blockLength);
  return [headerOf(member, body.length, isLink ? content.linkTo : ""), body, padding];
}

/** https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html, ustar interchange format */
function headerOf(member: TarMember, length: number, linkTo: string): Buffer {
  const { path, mode = 0o755, uid = 0, gid = 0, mtime = 0 } = member;
  if (Buffer.byteLength(path) > 100) throw new Error(`too long for a ustar header: ${path}`);
  const header = Buffer.alloc(blockLength);
  header.write(path, 0);
  header.write(octal(mode, 7), 100);
  header.write(octal(uid, 7), 108);
  header.write(octal(gid, 7), 116);
  header.write(octal(length, 11), 124);
  header.write(octal(mtime, 11), 136);
  header.write(" ".repeat(8), 148);
  header.write(linkTo !== "" ? "2" : path.endsWith("/") ? "5" : "0", 156);
  header.write(linkTo, 157);
  header.write("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${octal(sum, 6)}\u0000 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
