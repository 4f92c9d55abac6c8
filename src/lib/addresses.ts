import { BlockList, isIP } from "node:net";

/** A range of IP addresses; `address` is plain, as `plainAddress` gives it. */
export interface AddressRange {
  readonly family: "ipv4" | "ipv6";
  readonly address: string;
  readonly prefix: number;
}

/** Addresses that are or are not in it. */
export interface AddressSet {
  readonly has: (address: string) => boolean;
}

/** An IPv4 address in the last bits of an IPv6 one (`::ffff:0:0/96`, RFC 4291 §2.5.5.2) has so many bits before it. */
const mappedBits = 96;
const bits = { ipv4: 32, ipv6: 128 } as const;

/**
 * An IP address in its one form: IPv4 dotted, also where it came mapped into IPv6; IPv6 in lower case, shortened, without
 * its zone. Brackets and a port, as proxies write them, are dropped. Undefined for anything else.
 */
export function plainAddress(text: string): string | undefined {
  const { six, four } =
    /^\[(?<six>[^\]]+)\](?::\d+)?$|^(?<four>\d+\.\d+\.\d+\.\d+)(?::\d+)?$/.exec(text.trim())?.groups ?? {};
  const address = (six ?? four ?? text.trim()).replace(/%.*$/, "");
  if (isIP(address) === 4) return address;
  if (isIP(address) !== 6) return undefined;
  const short = URL.parse(`http://[${address}]`)?.hostname.slice(1, -1);
  const { high, low } = /^::ffff:(?<high>[0-9a-f]{1,4}):(?<low>[0-9a-f]{1,4})$/.exec(short ?? "")?.groups ?? {};
  return high === undefined || low === undefined ? short : [...octetsOf(high), ...octetsOf(low)].join(".");
}

function octetsOf(hextet: string): readonly number[] {
  const value = Number.parseInt(hextet, 16);
  return [value >> 8, value & 0xff];
}

/**
 * Reads `192.168.1.0/24`, `2001:db8::/32` or a single address; bits beyond the prefix do not matter. A range of mapped
 * addresses is the range of IPv4 addresses. Undefined for anything else.
 */
export function addressRangeFrom(text: string): AddressRange | undefined {
  const { written, length } = /^(?<written>[0-9a-fA-F:.]+)(?:\/(?<length>\d{1,3}))?$/.exec(text.trim())?.groups ?? {};
  if (written === undefined) return undefined;
  const address = isIP(written) === 0 ? undefined : plainAddress(written);
  if (address === undefined) return undefined;
  const family = isIP(address) === 4 ? "ipv4" : "ipv6";
  const isMapped = family === "ipv4" && isIP(written) === 6;
  const prefix = length === undefined ? bits[family] : Number(length) - (isMapped ? mappedBits : 0);
  return prefix < 0 || prefix > bits[family] ? undefined : { family, address, prefix };
}

/** The addresses in any of `ranges`, in the forms that `addressRangeFrom` reads; what it cannot read is left out. */
export function addressSet(ranges: readonly string[]): AddressSet {
  // One for each family: a BlockList with `::/0` in it has every IPv4 address as well.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const { address, prefix, family } of ranges.flatMap((range) => addressRangeFrom(range) ?? [])) {
    lists[family].addSubnet(address, prefix, family);
  }
  return {
    has: (text) => {
      const address = plainAddress(text);
      if (address === undefined) return false;
      const family = isIP(address) === 4 ? "ipv4" : "ipv6";
      return lists[family].check(address, family);
    },
  };
}

/** What stands for whoever has this plain address: an IPv6 address's network, for they have 2^64 of them (RFC 6177). */
export function holderOf(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::");
  const first = head === "" ? [] : head.split(":");
  const last = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const all = [...first, ...Array.from({ length: zeros }, () => "0"), ...last];
  return `${all.slice(0, 4).join(":")}::/64`;
}
