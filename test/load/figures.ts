/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** `min median max`, in the values' own unit. */
export function spread(values: readonly number[], digits = 0): string {
  const figures = [Math.min(...values), median(values), Math.max(...values)];
  return figures.map((figure) => figure.toFixed(digits)).join('  ');
}
