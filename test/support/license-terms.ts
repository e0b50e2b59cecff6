import { Redis } from 'ioredis';
import type { Product } from './product.js';
import { superuser } from './tables.js';

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
  const admin = await superuser(product.database);
  const redis = new Redis(product.redis.url);
  try {
    await admin.query(
      `update licensing.licenses set overrides = $2::jsonb, revision = revision + 1${names.join('')} where id = $1`,
      [licenseId, overrides, ...Object.values(row)],
    );
    const kept = await redis.keys(`*${licenseId}:policy`);
    if (kept.length > 0) await redis.del(kept);
  } finally {
    redis.disconnect();
    await admin.end();
  }
}
