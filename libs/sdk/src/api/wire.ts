/** An answer nests less; deeper members are left as they came. */
const MAX_DEPTH = 16;

/** Members from camelCase, as programs have them, to snake_case. */
export const toWire = (value: unknown): unknown => renamed(value, snake, 0);

/** Members from snake_case to camelCase. Values stay as they are. */
export const fromWire = (value: unknown): unknown => renamed(value, camel, 0);

function renamed(value: unknown, rename: (name: string) => string, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename, depth + 1));
  const members = Object.entries(value).map(([name, member]) => [
    rename(name),
    renamed(member, rename, depth + 1),
  ]);
  return Object.fromEntries(members);
}

const snake = (name: string) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
const camel = (name: string) => name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
