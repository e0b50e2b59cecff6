/** Fewer different values among 32 random bytes come up less often than once in 10^14 keys (about 30 are usual). */
const MIN_DIFFERENT = 16;

/**
 * Whether 32 bytes are a key that somebody typed or counted out instead of drawing it: text, a pattern that repeats
 * itself, or steps that are all alike. None of these comes up by chance.
 */
export function isMadeUp(bytes: Uint8Array): boolean {
  const isText = bytes.every((byte) => byte >= 0x20 && byte < 0x7f);
  const steps = new Set(bytes.subarray(1).map((byte, i) => byte - bytes[i]!));
  return isText || steps.size <= 2 || new Set(bytes).size < MIN_DIFFERENT || repeats(bytes);
}

/** Words that stand in examples, images and tutorials where a password belongs. */
const EXAMPLES = [
  'admin',
  'change',
  'changeit',
  'changeme',
  'default',
  'example',
  'gatehouse',
  'guest',
  'letmein',
  'local',
  'pass',
  'password',
  'postgres',
  'redis',
  'replace',
  'replaceme',
  'root',
  'secret',
  'test',
  'welcome',
];
const MIN_PASSWORD = 8;

/** Whether a password is one that everybody tries first: an example's, the user's own name, a pattern, too short. */
export function isDefaultPassword(password: string, user: string): boolean {
  const letters = password.toLowerCase().replace(/[^a-z]/g, '');
  if (password.length < MIN_PASSWORD || password.toLowerCase() === user.toLowerCase()) return true;
  return EXAMPLES.includes(letters) || isPattern(password);
}

/** Whether a text has so few different characters, or repeats itself so, that nobody drew it. */
export function isPattern(text: string): boolean {
  return new Set(text).size < 5 || repeats(Buffer.from(text));
}

/** Whether the whole is one piece of at most half its length over and over, the last one perhaps cut. */
function repeats(bytes: Uint8Array): boolean {
  for (let period = 1; period <= bytes.length / 2; period++) {
    if (bytes.every((byte, i) => i < period || byte === bytes[i - period])) return true;
  }
  return false;
}
