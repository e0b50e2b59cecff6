/** What a process counts, read out of what `/metrics` prints. */
export class Metrics {
  private readonly lines: readonly { name: string; labels: ReadonlyMap<string, string>; value: number }[];

  constructor(text: string) {
    this.lines = text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => {
        const [, name = '', labels = '', value = ''] = /^(\w+)(?:\{(.*)\})? (\S+)$/.exec(line) ?? [];
        const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)];
        return {
          name,
          labels: new Map(pairs.map(([, key = '', of = '']) => [key, of])),
          value: Number(value),
        };
      });
  }

  /** The sum of all lines of that name that have these labels; null: there is none. */
  valueOf(name: string, labels: Record<string, string> = {}): number | null {
    const found = this.lines.filter(
      (line) =>
        line.name === name && Object.entries(labels).every(([key, value]) => line.labels.get(key) === value),
    );
    return found.length === 0 ? null : found.reduce((sum, line) => sum + line.value, 0);
  }
}

/** Of a process of the product. */
export const metricsOf = async (url: string): Promise<Metrics> =>
  new Metrics(await (await fetch(`${url}/metrics`)).text());

type Labelled = [name: string, labels?: Record<string, string>];

/** By how much these grow while something is done, as `print` tells before and afterwards. */
export async function growth(
  print: () => Promise<string>,
  names: readonly Labelled[],
  work: () => Promise<unknown>,
): Promise<number[]> {
  const before = new Metrics(await print());
  await work();
  const after = new Metrics(await print());
  return names.map(
    ([name, labels]) => (after.valueOf(name, labels) ?? 0) - (before.valueOf(name, labels) ?? 0),
  );
}
