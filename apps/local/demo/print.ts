const INDENT = '  ';
/** With the indentation of a step it stays within 100 columns. */
const WIDTH = 88;

/** Tokens, session ids and licence keys; enough is left of each to recognise it by. */
const SECRETS: readonly [RegExp, (secret: string) => string][] = [
  [/\beyJ[\w-]{20,}\.[\w-]+\.[\w-]*/g, (token) => `${token.slice(0, 10)}…`],
  [/\b(?:rft|seat|whsec)_[\w-]{20,}/g, (token) => `${token.slice(0, 12)}…`],
  [/\b[A-Z0-9]+-(?:FREE|PRO|TEAM|ENTERPRISE)-[0-9A-F]{12}-[0-9A-F]{4}\b/g, (key) => `${key.slice(0, -14)}…`],
];

/** The text without its secrets. */
export function shorten(text: string): string {
  return SECRETS.reduce((left, [pattern, short]) => left.replace(pattern, short), text);
}

/** JSON as people write it: on one line what fits there. Secrets are shortened. */
export function readable(value: unknown, width = WIDTH): string {
  if (typeof value === 'string') return JSON.stringify(shorten(value));
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';

  const isArray = Array.isArray(value);
  const parts = isArray
    ? value.map((one) => readable(one, width - INDENT.length))
    : Object.entries(value).map(([key, one]) => `"${key}": ${readable(one, width - INDENT.length)}`);
  const [open, close] = isArray ? ['[', ']'] : ['{ ', ' }'];
  if (parts.length === 0) return isArray ? '[]' : '{}';

  const line = `${open}${parts.join(', ')}${close}`;
  if (line.length <= width && !line.includes('\n')) return line;
  return `${open.trim()}\n${indented(parts.join(',\n'), INDENT)}\n${close.trim()}`;
}

/** Every line of the text behind a margin. */
export function indented(text: string, margin: string): string {
  return text.replace(/^(?=.)/gm, margin);
}
