/** A part of a file: its first byte, and the one after its last. */
export interface ByteRange {
  from: number;
  end: number;
}

/**
 * What the header `Range` asks of a file of `size` bytes (RFC 9110, section 14.1.2). Null for all of it: there is no such
 * header, or one that need not be followed: of several ranges, of another unit, or of nothing that is there.
 */
export function byteRange(header: string | undefined, size: number): ByteRange | null {
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return null;
  const from = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return from < end ? { from, end } : null;
}
