/**
 * Works on each of `items`, on `most` of them at a time; gives what came of it, in their order. Throws what `work` threw
 * first, once nothing of it is under way any more.
 */
export async function sideBySide<T, R>(
  items: readonly T[],
  most: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  const left = items.entries();
  let first: { error: unknown } | undefined;
  await Promise.all(
    Array.from({ length: Math.min(most, items.length) }, async () => {
      try {
        for (const [at, item] of left) results[at] = await work(item);
      } catch (error) {
        first ??= { error };
      }
    }),
  );
  if (first) throw first.error;
  return results;
}
