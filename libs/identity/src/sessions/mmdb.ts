/** The MaxMind DB file format 2.0 (https://maxmind.github.io/MaxMind-DB/), as far as looking up an address needs it. */
const MARKER = Buffer.from('abcdef4d61784d696e642e636f6d', 'hex');
/** Metadata stand at the end, within so many bytes. */
const METADATA_MAX = 131_072;
/** Between tree and data. */
const SEPARATOR = 16;
/** Deeper than any record is nested; a damaged file must not go on for ever. */
const MAX_DEPTH = 32;

export type MmdbValue = string | number | bigint | boolean | Buffer | MmdbValue[] | MmdbRecord;
export interface MmdbRecord {
  [key: string]: MmdbValue;
}

/** A file of networks and what is known of each. Immutable. */
export class Mmdb {
  private readonly nodes: number;
  private readonly recordBits: number;
  private readonly isV6: boolean;
  private readonly data: number;

  /** Throws a sentence for what is no such file. */
  constructor(private readonly bytes: Buffer) {
    const marker = bytes.lastIndexOf(MARKER);
    if (marker < 0 || marker < bytes.length - METADATA_MAX) throw new Error('It is no MaxMind DB file.');
    const start = marker + MARKER.length;
    const { value } = this.decode(start, start, 0);
    const { node_count: nodes, record_size: bits, ip_version: version } = value as MmdbRecord;
    if (typeof nodes !== 'number' || ![24, 28, 32].includes(Number(bits)))
      throw new Error('It is a MaxMind DB file of a kind that is not understood.');
    this.nodes = nodes;
    this.recordBits = Number(bits);
    this.isV6 = version === 6;
    this.data = (nodes * this.recordBits) / 4 + SEPARATOR;
  }

  /** What is known of an address, by its 4 or 16 bytes; null for nothing. Throws where the file is damaged. */
  find(address: Uint8Array): MmdbRecord | null {
    if (address.length === 16 && !this.isV6) return null;
    let node = address.length === 4 && this.isV6 ? this.afterZeroes(96) : 0;
    for (let bit = 0; bit < address.length * 8 && node < this.nodes; bit++)
      node = this.child(node, (address[bit >> 3]! >> (7 - (bit & 7))) & 1);
    if (node <= this.nodes) return null;
    const { value } = this.decode(node - this.nodes - SEPARATOR + this.data, this.data, 0);
    return typeof value === 'object' && !Array.isArray(value) && !Buffer.isBuffer(value) ? value : null;
  }

  /** IPv4 lives in an IPv6 tree as ::a.b.c.d. */
  private afterZeroes(bits: number): number {
    let node = 0;
    for (let bit = 0; bit < bits && node < this.nodes; bit++) node = this.child(node, 0);
    return node;
  }

  private child(node: number, side: number): number {
    const { bytes, recordBits } = this;
    const at = (node * recordBits) / 4;
    if (recordBits === 24) return bytes.readUIntBE(at + side * 3, 3);
    if (recordBits === 32) return bytes.readUInt32BE(at + side * 4);
    const middle = bytes[at + 3]!;
    const high = side === 0 ? middle >> 4 : middle & 15;
    return high * 2 ** 24 + bytes.readUIntBE(at + side * 4, 3);
  }

  /** The value at `at`, and where the next one begins; pointers are counted from `base`. */
  private decode(at: number, base: number, depth: number): { value: MmdbValue; next: number } {
    if (depth > MAX_DEPTH) throw new Error('It is nested too deeply.');
    const control = this.bytes.readUInt8(at++);
    let type = control >> 5;
    if (type === 1) {
      const { target, next } = this.pointer(control, at);
      return { value: this.decode(base + target, base, depth + 1).value, next };
    }
    if (type === 0) type = 7 + this.bytes.readUInt8(at++);
    let size = control & 31;
    if (size > 28) {
      const more = size - 28;
      size = this.bytes.readUIntBE(at, more) + [29, 285, 65_821][more - 1]!;
      at += more;
    }
    return this.valueOf(type, size, at, base, depth);
  }

  private pointer(control: number, at: number): { target: number; next: number } {
    const length = ((control >> 3) & 3) + 1;
    const rest = this.bytes.readUIntBE(at, length);
    const high = length === 4 ? 0 : (control & 7) * 2 ** (8 * length);
    return { target: high + rest + [0, 2_048, 526_336, 0][length - 1]!, next: at + length };
  }

  private valueOf(type: number, size: number, at: number, base: number, depth: number) {
    const bytes = this.bytes.subarray(at, at + size);
    const next = at + size;
    switch (type) {
      case 2:
        return { value: bytes.toString(), next };
      case 3:
        return { value: bytes.readDoubleBE(), next };
      case 5:
      case 6:
        return { value: size === 0 ? 0 : bytes.readUIntBE(0, size), next };
      case 7:
        return this.many(size, at, base, depth);
      case 11: {
        const values: MmdbValue[] = [];
        for (let i = 0; i < size; i++) {
          const one = this.decode(at, base, depth + 1);
          values.push(one.value);
          at = one.next;
        }
        return { value: values, next: at };
      }
      case 14:
        return { value: size === 1, next: at };
      case 15:
        return { value: bytes.readFloatBE(), next };
      // Numbers that places have none of, as they stand there.
      case 4:
      case 8:
      case 9:
      case 10:
        return { value: bytes, next };
      default:
        throw new Error(`It has a value of an unknown type, ${type}.`);
    }
  }

  private many(size: number, at: number, base: number, depth: number) {
    const record: MmdbRecord = {};
    for (let i = 0; i < size; i++) {
      const key = this.decode(at, base, depth + 1);
      const one = this.decode(key.next, base, depth + 1);
      if (typeof key.value === 'string' && key.value !== '__proto__') record[key.value] = one.value;
      at = one.next;
    }
    return { value: record as MmdbValue, next: at };
  }
}
