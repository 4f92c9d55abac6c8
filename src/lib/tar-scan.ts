/** A member of a tar archive, as its headers have it. */
export interface TarMember {
  /** Without a slash at its end. */
  readonly name: string;
  readonly type: "file" | "link" | "symlink" | "directory" | "other";
  /** The length of its content. */
  readonly bytes: number;
  /** Where a link leads; empty for all others. */
  readonly linkName: string;
}

/** Told of what is in an archive, in the order in which it is there. */
export interface TarVisitor {
  readonly onMember: (member: TarMember) => void;
  /** A piece of the last member's content, in the buffer that was given to the scanner. */
  readonly onContent?: (piece: Buffer) => void;
  /** The last member's content was whole. */
  readonly onMemberEnd?: () => void;
}

export interface TarScanner {
  /** Throws what `faultFor` makes of the first thing that is not as it should be. */
  readonly write: (chunk: Buffer) => void;
  /** Throws as well where the archive has not come to its end. */
  readonly end: () => void;
}

const blockLength = 512;
/** As the engine itself has it: longer headers are nobody's names. */
const longestExtension = 1 << 20;
const headerOnly: ReadonlySet<TarMember["type"]> = new Set(["link", "symlink", "directory"]);
const types: Readonly<Record<string, TarMember["type"]>> = {
  "0": "file",
  "\0": "file",
  "7": "file",
  "1": "link",
  "2": "symlink",
  "5": "directory",
};

/** What extended headers say of the member that follows them. */
interface Extension {
  readonly name?: string;
  readonly linkName?: string;
  readonly bytes?: number;
}

interface Header extends TarMember {
  readonly flag: string;
}

/**
 * Reads a tar archive (ustar, pax or GNU) piece by piece, without keeping any of it: whatever an archive says, no more
 * than a header is in memory. That, and its end being checked, is what tar-stream does not give: it collects an extended
 * header of any length, and takes an archive without its end for a whole one.
 * https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
 */
export function createTarScanner(visitor: TarVisitor, faultFor: (reason: string) => Error): TarScanner {
  let collected: Buffer = Buffer.alloc(0);
  /** Of the content or extended header that is being read, and of the padding behind it. */
  let content = 0;
  let padding = 0;
  let extending: { readonly flag: string; text: Buffer } | undefined;
  let extension: Extension = {};
  let zeroBlocks = 0;
  const fail = (reason: string): never => {
    throw faultFor(reason);
  };

  const endContent = (): void => {
    if (extending === undefined) {
      visitor.onMemberEnd?.();
      return;
    }
    extension = { ...extension, ...extensionFrom(extending.flag, extending.text, fail) };
    extending = undefined;
  };
  const takeContent = (piece: Buffer): void => {
    if (extending === undefined) visitor.onContent?.(piece);
    else extending.text = Buffer.concat([extending.text, piece]);
    content -= piece.length;
    if (content === 0) endContent();
  };
  const takeBlock = (block: Buffer): void => {
    if (isZero(block)) {
      zeroBlocks += 1;
      return;
    }
    if (zeroBlocks > 0) fail("something stands behind its end");
    const header = headerFrom(block, fail);
    padding = paddingFor(header.bytes);
    content = header.bytes;
    if ("xgLK".includes(header.flag)) {
      if (header.bytes > longestExtension) fail(`it has a header of ${header.bytes} bytes`);
      extending = { flag: header.flag, text: Buffer.alloc(0) };
    } else {
      const { flag: _, ...plain } = header;
      const member = { ...plain, ...extension };
      extension = {};
      content = headerOnly.has(member.type) ? 0 : member.bytes;
      padding = paddingFor(content);
      visitor.onMember({ ...member, name: member.name.replace(/(?<=.)\/+$/, ""), bytes: content });
    }
    if (content === 0) endContent();
  };

  return {
    write: (chunk) => {
      let rest = chunk;
      while (rest.length > 0) {
        const length = content > 0 ? content : padding > 0 ? padding : blockLength - collected.length;
        const piece = rest.subarray(0, length);
        rest = rest.subarray(piece.length);
        if (content > 0) takeContent(piece);
        else if (padding > 0) padding -= piece.length;
        else {
          collected = collected.length === 0 ? piece : Buffer.concat([collected, piece]);
          if (collected.length < blockLength) continue;
          const block = collected;
          collected = Buffer.alloc(0);
          takeBlock(block);
        }
      }
    },
    end: () => {
      if (zeroBlocks < 2 || collected.length > 0) fail("it breaks off before its end");
    },
  };
}

/** How many bytes follow a content of this length, so that the next header begins at a block. */
export function paddingFor(bytes: number): number {
  return (blockLength - (bytes % blockLength)) % blockLength;
}

function isZero(block: Buffer): boolean {
  return block.every((byte) => byte === 0);
}

function headerFrom(block: Buffer, fail: (reason: string) => never): Header {
  if (sumOf(block) !== numberIn(block.subarray(148, 156), fail)) fail("a header in it is damaged");
  const flag = String.fromCharCode(block[156] ?? 0);
  const isUstar = block.toString("latin1", 257, 263) === "ustar\0";
  const prefix = isUstar ? textIn(block.subarray(345, 500)) : "";
  const name = textIn(block.subarray(0, 100));
  const type = types[flag] ?? "other";
  return {
    flag,
    type,
    name: prefix === "" ? name : `${prefix}/${name}`,
    bytes: numberIn(block.subarray(124, 136), fail),
    linkName: type === "link" || type === "symlink" ? textIn(block.subarray(157, 257)) : "",
  };
}

/** The sum of all bytes, those of the sum itself as blanks. */
export function sumOf(block: Buffer): number {
  let sum = 8 * 32;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
}

/** Octal digits, or, with the first bit set, a binary number. */
function numberIn(field: Buffer, fail: (reason: string) => never): number {
  const first = field[0] ?? 0;
  if (first === 0x80) {
    const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : fail("a header in it has a number that no file has");
  }
  const text = textIn(field).trim();
  return /^[0-7]*$/.test(text) ? Number.parseInt(text || "0", 8) : fail("a header in it is damaged");
}

function textIn(field: Buffer): string {
  const end = field.indexOf(0);
  return field.toString("utf8", 0, end === -1 ? field.length : end);
}

function extensionFrom(flag: string, text: Buffer, fail: (reason: string) => never): Extension {
  if (flag === "L") return { name: textIn(text) };
  if (flag === "K") return { linkName: textIn(text) };
  // A global header: of nothing that is read here.
  return flag === "g" ? {} : extensionFromRecords(text, fail);
}

/** Records of the form `<length> <key>=<value>\n`. */
function extensionFromRecords(text: Buffer, fail: (reason: string) => never): Extension {
  const found: Record<string, string> = {};
  for (let at = 0; at < text.length; ) {
    const blank = text.indexOf(0x20, at);
    const length = Number(text.toString("latin1", at, blank === -1 ? at : blank));
    if (!Number.isInteger(length) || length < 5 || at + length > text.length) fail("an extended header is damaged");
    const record = text.toString("utf8", blank + 1, at + length - 1);
    const equals = record.indexOf("=");
    found[record.slice(0, equals)] = record.slice(equals + 1);
    at += length;
  }
  const { path, linkpath, size } = found;
  if (size !== undefined && !(/^\d+$/.test(size) && Number.isSafeInteger(Number(size)))) {
    fail("a header in it has a number that no file has");
  }
  return {
    ...(path === undefined ? {} : { name: path }),
    ...(linkpath === undefined ? {} : { linkName: linkpath }),
    ...(size === undefined ? {} : { bytes: Number(size) }),
  };
}
