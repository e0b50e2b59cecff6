import { newId } from '#platform';
import { formatLicenseKey } from '#sdk/formats';
import { License, type NewLicense } from '../domain/license.js';
import type { TermsPatch } from '../domain/terms.js';
import type { Licenses } from '../persistence/licenses.js';
import { termsOf } from './policies.js';

const KEY = formatLicenseKey({ brand: 'GH', type: 'PRO', hash12: '0123456789AB' });
const inTheClear = (key: string) => Buffer.from(key);

/** A new licence on terms of `patch`, with what was recorded of its making taken away. */
export function aLicense(
  patch: TermsPatch = {},
  now = new Date('2026-01-01T00:00:00Z'),
  init: Partial<NewLicense> = {},
): License {
  const made = { tenantId: newId('ten'), key: KEY, tier: 'PRO', productId: null, issuedTo: null } as const;
  const license = License.issue({ ...made, terms: termsOf(patch), ...init }, inTheClear, now);
  license.takeEvents();
  return license;
}

/** Writes a licence with `terms` as its own, inside the transaction around; gives its id. No key leads to it. */
export async function writeLicense(
  licenses: Licenses,
  tenantId: string,
  terms: TermsPatch,
  now: Date,
  productId: string | null = null,
  more: Pick<Partial<NewLicense>, 'followsPurchase' | 'tier'> = {},
): Promise<string> {
  const overrides = [{ terms, expiresAt: null, reason: 'test' }];
  const init = { tenantId, key: KEY, tier: 'FREE', productId, overrides, issuedTo: null } as const;
  const license = License.issue({ ...init, ...more, terms: termsOf(terms) }, inTheClear, now);
  await licenses.insert(license, Buffer.from(license.id));
  return license.id;
}
