import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto";

/*
 * Hashes of passwords, by scrypt (RFC 7914), written as the PHC string format has it and as passlib writes them:
 * `$scrypt$ln=14,r=8,p=5$<salt>$<hash>`, base64 without padding
 * (https://github.com/P-H-C/phc-string-format/blob/master/phc-sf-spec.md).
 */

/** A hash, taken apart. */
interface PasswordHash {
  /** Binary logarithm of the cost N. */
  readonly ln: number;
  readonly r: number;
  readonly p: number;
  readonly salt: Buffer;
  readonly hash: Buffer;
}

/** As strong as OWASP asks for, with 16 MiB at a time: the least memory of the choices that it names for scrypt. */
const chosen = { ln: 14, r: 8, p: 5 };
const saltBytes = 16;
const hashBytes = 32;
/** What one look at a password may take: in bytes, and in parallel parts that are computed one after the other. */
const mostMemory = 256 * 1024 * 1024;
const mostParts = 16;

const pattern =
  /^\$scrypt\$ln=(?<ln>\d{1,2}),r=(?<r>\d{1,2}),p=(?<p>\d{1,2})\$(?<salt>[A-Za-z0-9+/]{11,86})\$(?<hash>[A-Za-z0-9+/]{22,86})$/;

/** Is `text` a hash that `isPassword` can compare with, at a cost that is bearable? */
export function isPasswordHash(text: string): boolean {
  return passwordHashFrom(text) !== undefined;
}

/** A new hash of `password`, with a salt of its own: some tenths of a second of work outside of the main thread. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await derived(password, { ...chosen, salt }, hashBytes);
  const { ln, r, p } = chosen;
  return `$scrypt$ln=${ln},r=${r},p=${p}$${unpadded(salt)}$${unpadded(hash)}`;
}

/** Is `hash` (as `hashPassword` makes it) one of `password`? False where it is no hash at all. */
export async function isPassword(hash: string, password: string): Promise<boolean> {
  const known = passwordHashFrom(hash);
  if (known === undefined) return false;
  return timingSafeEqual(await derived(password, known, known.hash.length), known.hash);
}

function passwordHashFrom(text: string): PasswordHash | undefined {
  const { ln, r, p, salt, hash } = pattern.exec(text)?.groups ?? {};
  const parts = { ln: Number(ln), r: Number(r), p: Number(p) };
  const isBearable =
    parts.ln >= 1 && parts.r >= 1 && parts.p >= 1 && parts.p <= mostParts && memoryOf(parts) <= mostMemory;
  if (salt === undefined || hash === undefined || !isBearable) return undefined;
  return { ...parts, salt: Buffer.from(salt, "base64"), hash: Buffer.from(hash, "base64") };
}

function memoryOf({ ln, r }: Pick<PasswordHash, "ln" | "r">): number {
  return 128 * 2 ** ln * r;
}

function derived(password: string, how: Omit<PasswordHash, "hash">, length: number): Promise<Buffer> {
  const { ln, r, p, salt } = how;
  const options: ScryptOptions = { N: 2 ** ln, r, p, maxmem: memoryOf(how) + 128 * r * (p + 2) + 1024 };
  return new Promise((resolve, reject) => {
    scrypt(password.normalize("NFC"), salt, length, options, (error, key) => {
      if (error === null) resolve(key);
      else reject(error);
    });
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}
