import { paddingFor, sumOf } from "./tar-scan.ts";

/** What the header of a plain file says. */
export interface PlainFile {
  /** At most 100 bytes, unless it goes out with `tarHeadersFor`. */
  readonly name: string;
  /** Less than 8 GiB, likewise. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** The end of a tar archive. */
export const tarEnd: Buffer = Buffer.alloc(1024);

const longestName = 100;
const largest = 8 ** 11;

/** The header of a file of mode 0600 that is root's: as any tar reads it. */
export function tarHeaderFor(file: PlainFile): Buffer {
  return headerFor(file, "0");
}

/** The same for names of any length and files of any size: what does not fit goes before it, as POSIX has it (pax). */
export function tarHeadersFor({ name, bytes, modifiedAt }: PlainFile): Buffer {
  const records = [
    ...(Buffer.byteLength(name) > longestName ? [recordFor("path", name)] : []),
    ...(bytes >= largest ? [recordFor("size", `${bytes}`)] : []),
  ].join("");
  if (records === "") return tarHeaderFor({ name, bytes, modifiedAt });
  const content = Buffer.from(records);
  const short = { name: Buffer.from(name).subarray(0, longestName).toString(), modifiedAt };
  return Buffer.concat([
    headerFor({ name: "pax", bytes: content.length, modifiedAt }, "x"),
    content,
    Buffer.alloc(paddingFor(content.length)),
    headerFor({ ...short, bytes: bytes >= largest ? 0 : bytes }, "0"),
  ]);
}

/** `<length of all of it> <key>=<value>` and a newline. */
function recordFor(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  const guess = bytes + `${bytes}`.length;
  return `${bytes + `${guess}`.length}${rest}`;
}

function headerFor({ name, bytes, modifiedAt }: PlainFile, type: "0" | "x"): Buffer {
  const header = Buffer.alloc(512);
  if (Buffer.byteLength(name) > longestName || bytes >= largest)
    throw new RangeError(`${name} does not fit a tar header`);
  header.write(name, 0);
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(Math.floor(modifiedAt / 1000), 11), 136);
  header.write(type, 156);
  header.write("ustar\u000000", 257);
  header.write(`${octal(sumOf(header), 6)}\u0000 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
