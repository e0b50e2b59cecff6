import type { Product } from './product.js';

/**
 * Gives a licence other terms, and whatever else stands in its row, as an operator's verb would: at once, its revision
 * higher, and read anew by whoever asks next.
 */
export async function changeLicense(
  product: Product,
  licenseId: string,
  terms: Record<string, unknown>,
  row: Record<string, unknown> = {},
): Promise<void> {
  const overrides = JSON.stringify([{ terms, expiresAt: null, reason: 'test' }]);
  const names = Object.keys(row).map((name, index) => `, ${name} = $${index + 3}`);
  await product.query(
    `update licensing.licenses set overrides = $2::jsonb, revision = revision + 1${names.join('')} where id = $1`,
    [licenseId, overrides, ...Object.values(row)],
  );
  const kept = await product.redisClient().keys(`*${licenseId}:policy`);
  if (kept.length > 0) await product.redisClient().del(kept);
}
