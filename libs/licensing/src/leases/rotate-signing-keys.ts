import { randomBytes } from 'node:crypto';
import { type ConfiguredKey, SIGNING_KEYS_MAX } from './signing-key-setting.js';

/** Why keys cannot be changed so; a sentence for the operator. */
export class RotationRefused extends Error {}

/** A new key, published before it signs: clients that are seldom online learn it in time. */
export function announceKey(keys: readonly ConfiguredKey[], now: Date): ConfiguredKey[] {
  if (keys.some((key) => key.status === 'next'))
    throw new RotationRefused('There is a next key already; rotate first.');
  if (keys.length >= SIGNING_KEYS_MAX)
    throw new RotationRefused(`There are ${SIGNING_KEYS_MAX} keys; forget one that retired long ago.`);
  return [newKey('next', now), ...keys];
}

/** The next key, or a new one, begins to sign; the one that signed retires. */
export function rotateKeys(keys: readonly ConfiguredKey[], now: Date): ConfiguredKey[] {
  const next = keys.find((key) => key.status === 'next') ?? newKey('next', now);
  const others = keys.filter((key) => key !== next);
  if (others.length >= SIGNING_KEYS_MAX)
    throw new RotationRefused(`There are ${SIGNING_KEYS_MAX} keys; forget one that retired long ago.`);
  return [
    { ...next, status: 'active', since: now },
    ...others.map((key): ConfiguredKey =>
      key.status === 'active' ? { ...key, status: 'retiring', since: now } : key,
    ),
  ];
}

/** `kid` is known to others: what it signed is believed no more. The next key signs where it was the one that did. */
export function compromiseKey(keys: readonly ConfiguredKey[], kid: string, now: Date): ConfiguredKey[] {
  const compromised = find(keys, kid);
  const rotated = compromised.status === 'active' ? rotateKeys(keys, now) : keys;
  return rotated.map((key) => (key.kid === kid ? { ...key, status: 'compromised', since: now } : key));
}

/** Without `kid`. Clients that know no newer key, and leases it signed, are lost: only for keys long retired. */
export function forgetKey(keys: readonly ConfiguredKey[], kid: string): ConfiguredKey[] {
  const forgotten = find(keys, kid);
  if (forgotten.status === 'active')
    throw new RotationRefused('The key that signs cannot be forgotten; rotate first.');
  return keys.filter((key) => key !== forgotten);
}

function find(keys: readonly ConfiguredKey[], kid: string): ConfiguredKey {
  const key = keys.find((one) => one.kid === kid);
  if (!key) throw new RotationRefused(`There is no key ${kid}.`);
  return key;
}

const newKey = (status: ConfiguredKey['status'], since: Date): ConfiguredKey => ({
  kid: randomBytes(4).toString('hex'),
  seed: randomBytes(32),
  status,
  since,
});
