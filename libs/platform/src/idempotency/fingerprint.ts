import { createHash } from 'node:crypto';

/**
 * SHA-256 of a JSON value in canonical form, in base64url: equal for values that differ in white space and the
 * order of keys only.
 */
export function fingerprint(value: unknown): string {
  return createHash('sha256').update(canonicalJson(value)).digest('base64url');
}

/** JSON without white space, keys sorted. Without recursion: the caller chooses how deep a body is. */
export function canonicalJson(value: unknown): string {
  const text: string[] = [];
  const pending: Part[] = [{ value }];
  for (let part = pending.pop(); part; part = pending.pop()) {
    if ('text' in part) {
      text.push(part.text);
    } else if (typeof part.value === 'object' && part.value !== null) {
      // One at a time: spread into the arguments of a call, a wide array overflows the stack.
      for (const one of partsOf(part.value).reverse()) pending.push(one);
    } else {
      text.push(JSON.stringify(part.value) ?? 'null');
    }
  }
  return text.join('');
}

type Part = { text: string } | { value: unknown };

function partsOf(value: object): Part[] {
  const isArray = Array.isArray(value);
  const parts: Part[] = [{ text: isArray ? '[' : '{' }];
  const keys = isArray ? value.keys() : Object.keys(value).sort();
  for (const key of keys) {
    if (parts.length > 1) parts.push({ text: ',' });
    if (!isArray) parts.push({ text: `${JSON.stringify(key)}:` });
    parts.push({ value: (value as Record<PropertyKey, unknown>)[key] });
  }
  parts.push({ text: isArray ? ']' : '}' });
  return parts;
}
