const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');

/** What such a file can hold, as far as tests need it; bytes stand for themselves. */
type Value = string | number | Buffer | Value[] | { [key: string]: Value };

/** A MaxMind DB file for tests: an IPv6 tree of these networks, `[bits of the network, value]`. */
export function mmdbFile(
  networks: readonly (readonly [bits: string, value: Value])[],
  recordSize: 24 | 28 | 32,
): Buffer {
  type Node = [Node | number | null, Node | number | null];
  const data: Buffer[] = [];
  let at = 0;
  const root: Node = [null, null];
  for (const [bits, value] of networks) {
    let node = root;
    for (const bit of bits.slice(0, -1)) node = (node[Number(bit) as 0 | 1] ??= [null, null]) as Node;
    node[Number(bits.at(-1)) as 0 | 1] = at;
    const written = encode(value);
    data.push(written);
    at += written.length;
  }
  const nodes: Node[] = [];
  const number = new Map<Node, number>();
  const walk = (node: Node) => {
    number.set(node, nodes.push(node) - 1);
    for (const child of node) if (Array.isArray(child)) walk(child);
  };
  walk(root);
  const record = (child: Node | number | null) =>
    child === null ? nodes.length : Array.isArray(child) ? number.get(child)! : nodes.length + 16 + child;
  const tree = nodes.map(([left, right]) => pair(record(left), record(right), recordSize));
  const metadata = encode({ node_count: nodes.length, record_size: recordSize, ip_version: 6 });
  return Buffer.concat([...tree, Buffer.alloc(16), ...data, MARKER, metadata]);
}

/** An IPv4 network, as it stands in an IPv6 tree. */
export const bitsOf = (address: string, length: number): string =>
  '0'.repeat(96) +
  address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('')
    .slice(0, length);

function pair(left: number, right: number, size: 24 | 28 | 32): Buffer {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  if (size !== 28) return Buffer.from(hex(left, size / 4) + hex(right, size / 4), 'hex');
  const [l, r] = [hex(left, 7), hex(right, 7)];
  return Buffer.from(l.slice(1) + l[0] + r, 'hex');
}

/** Bytes stand for themselves: a pointer, say. */
function encode(value: Value): Buffer {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === 'string')
    return Buffer.concat([head(2, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === 'number') return Buffer.from([(6 << 5) | 4, ...uint32(value)]);
  if (Array.isArray(value)) return Buffer.concat([head(11, value.length), ...value.map(encode)]);
  const entries = Object.entries(value as Record<string, Value>);
  return Buffer.concat([head(7, entries.length), ...entries.flatMap(([k, v]) => [encode(k), encode(v)])]);
}

function head(type: number, size: number): Buffer {
  const [low, more] =
    size < 29 ? [size, []] : size < 285 ? [29, [size - 29]] : [30, [(size - 285) >> 8, (size - 285) & 255]];
  return Buffer.from(type > 7 ? [low, type - 7, ...more] : [(type << 5) | low, ...more]);
}

const uint32 = (value: number) => [value >>> 24, (value >> 16) & 255, (value >> 8) & 255, value & 255];
