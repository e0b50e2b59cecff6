/** Which subscriptions `patterns` mean: `*` stands for any letters, `!` before one leaves out what it means. */
export function servedBy(patterns: readonly string[]): (name: string) => boolean {
  const meant = patterns.filter((one) => !one.startsWith('!'));
  const leftOut = patterns.filter((one) => one.startsWith('!')).map((one) => one.slice(1));
  // Who only says what is left out means all the others.
  const isMeant = (name: string) => meant.length === 0 || meant.some((one) => fits(one, name));
  return (name) => isMeant(name) && !leftOut.some((one) => fits(one, name));
}

/** Those of the patterns that mean none of the names: they are misspelt. */
export const meaningless = (patterns: readonly string[], names: readonly string[]): string[] =>
  patterns.filter((one) => !names.some((name) => fits(one.replace(/^!/, ''), name)));

function fits(pattern: string, name: string): boolean {
  const [head, ...parts] = pattern.split('*') as [string, ...string[]];
  const tail = parts.pop();
  if (tail === undefined) return name === pattern;
  let at = name.startsWith(head) ? head.length : -1;
  for (const part of parts) {
    const found = at < 0 ? -1 : name.indexOf(part, at);
    at = found < 0 ? -1 : found + part.length;
  }
  return at >= 0 && name.endsWith(tail) && at + tail.length <= name.length;
}
