import { newId } from '#platform';
import { License, type NewLicense } from '../domain/license.js';
import type { TermsPatch } from '../domain/terms.js';
import { termsOf } from './policies.js';

/** A new licence on terms of `patch`, with what was recorded of its making taken away. */
export function aLicense(
  patch: TermsPatch = {},
  now = new Date('2026-01-01T00:00:00Z'),
  init: Partial<NewLicense> = {},
): License {
  const { license } = License.issue(
    {
      tenantId: newId('ten'),
      brand: 'GH',
      tier: 'PRO',
      productId: null,
      terms: termsOf(patch),
      issuedTo: null,
      ...init,
    },
    (key) => Buffer.from(key),
    now,
  );
  license.takeEvents();
  return license;
}
