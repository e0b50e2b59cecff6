/**
 * What an answer must hold: a part of it, where a RegExp stands for any text it matches, {@link containing} for any
 * text that holds another, and {@link absent} for nothing at all.
 */
export type Wanted = unknown;

export const absent = Symbol('absent');

class Containing {
  constructor(readonly text: string) {}
}

export const containing = (text: string): Wanted => new Containing(text);

/** A sentence for each place where `actual` is not what was wanted; fields that nobody asked for may be there. */
export function differences(wanted: Wanted, actual: unknown, path = 'the answer'): string[] {
  if (wanted === absent) return actual === undefined ? [] : [`${path} should not be there`];
  if (wanted instanceof RegExp) {
    return typeof actual === 'string' && wanted.test(actual) ? [] : [`${path} should match ${wanted}`];
  }
  if (wanted instanceof Containing) {
    return typeof actual === 'string' && actual.includes(wanted.text)
      ? []
      : [`${path} should hold ${wanted.text}`];
  }
  if (Array.isArray(wanted)) {
    if (!Array.isArray(actual) || actual.length !== wanted.length)
      return [`${path} should hold ${wanted.length}`];
    return wanted.flatMap((one, index) => differences(one, actual[index], `${path}[${index}]`));
  }
  if (wanted !== null && typeof wanted === 'object') {
    if (actual === null || typeof actual !== 'object') return [`${path} should be an object`];
    return Object.entries(wanted).flatMap(([key, one]) =>
      differences(
        one,
        (actual as Record<string, unknown>)[key],
        `${path === 'the answer' ? '' : `${path}.`}${key}`,
      ),
    );
  }
  return Object.is(wanted, actual) ? [] : [`${path} should be ${JSON.stringify(wanted)}`];
}
