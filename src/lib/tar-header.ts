import { sumOf } from "./tar-scan.ts";

/** What the header of a plain file says. */
export interface PlainFile {
  /** At most 100 bytes. */
  readonly name: string;
  /** At most 8 GiB. */
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedAt: number;
}

/** The end of a tar archive. */
export const tarEnd: Buffer = Buffer.alloc(1024);

/** The header of a file of mode 0600 that is root's: as any tar reads it. */
export function tarHeaderFor({ name, bytes, modifiedAt }: PlainFile): Buffer {
  const header = Buffer.alloc(512);
  if (Buffer.byteLength(name) > 100 || bytes >= 8 ** 11) throw new RangeError(`${name} does not fit a tar header`);
  header.write(name, 0);
  header.write(octal(0o600, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(Math.floor(modifiedAt / 1000), 11), 136);
  header.write("0", 156);
  header.write("ustar\u000000", 257);
  header.write(`${octal(sumOf(header), 6)}\u0000 `, 148);
  return header;
}

function octal(value: number, digits: number): string {
  return value.toString(8).padStart(digits, "0");
}
