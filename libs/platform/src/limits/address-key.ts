import { isIPv6 } from 'node:net';

/**
 * What an address is counted under. IPv6 counts by its /64, the smallest network that a customer is given
 * (RFC 6177): one machine there has 2^64 addresses to call from. IPv4 in IPv6 clothes counts as IPv4.
 */
export function addressKey(address: string): string {
  const plain = address.split('%', 1)[0] ?? address;
  if (!isIPv6(plain)) return plain;
  const groups = groupsOf(plain);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped)
    return groups
      .slice(6)
      .flatMap((group) => [group >> 8, group & 0xff])
      .join('.');
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** The network that an address is in as far as one can tell by looking: its /24 (IPv4) or /64 (IPv6). */
export function networkOf(address: string): string {
  const key = addressKey(address);
  return key.includes(':') ? key : key.replace(/\.\d+$/, '.0/24');
}

/** The eight groups of an IPv6 address in any of its written forms (RFC 4291, 2.2). */
function groupsOf(address: string): number[] {
  const [head = '', tail] = dottedAsHex(address).split('::');
  const before = parse(head);
  const after = tail === undefined ? [] : parse(tail);
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

const parse = (part: string) =>
  part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));

function dottedAsHex(address: string): string {
  return address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...bytes: string[]) => {
    const [a, b, c, d] = bytes.map(Number) as [number, number, number, number];
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
}
