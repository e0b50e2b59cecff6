/** For whoever reads the output, or pipes it on. */
export const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Beside the output of what runs. */
export const warn = (line: string) => void process.stderr.write(`gatehouse: ${line}\n`);

/** Somebody's text in one line, without what a terminal would take for orders to it. */
export const plain = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();

const UNITS: readonly [number, string][] = [
  [86_400_000, 'day'],
  [3_600_000, 'hour'],
  [60_000, 'minute'],
  [1_000, 'second'],
];

/** A time span in its largest unit, rounded down: `6 days`. */
export function span(ms: number): string {
  const [size, unit] = UNITS.find(([length]) => ms >= length) ?? [1_000, 'second'];
  const count = Math.max(0, Math.floor(ms / size));
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
