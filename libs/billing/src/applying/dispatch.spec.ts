import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { dispatch, HANDLED_TYPES, IGNORED_TYPES, plainType } from './dispatch.js';

const typesIn = (file: string): string[] => {
  const text = readFileSync(join('node_modules/stripe/esm/resources', file), 'utf8');
  return [...text.matchAll(/\btype: '([a-z0-9_.[\]]+\.[a-z0-9_.[\]]+)'/g)].map(([, type]) => type!);
};

describe('the dispatch table (S2-32)', () => {
  const snapshots = typesIn('Events.d.ts');
  const thin = typesIn('V2/Core/Events.d.ts');
  const known = new Set([...snapshots, ...thin].map(plainType));

  it('reads the types of the pinned library', () => {
    expect(new Set(snapshots).size).toBeGreaterThan(250);
    expect(new Set(thin).size).toBeGreaterThan(300);
    expect(known).toContain('customer.subscription.updated');
  });

  it('names every type of event as handled or ignored, and none twice', () => {
    const neither = [...known].filter((type) => !HANDLED_TYPES.has(type) && !IGNORED_TYPES.has(type));
    expect(neither).toEqual([]);
    expect([...HANDLED_TYPES].filter((type) => IGNORED_TYPES.has(type))).toEqual([]);
  });

  it('names none that the library does not know', () => {
    expect([...HANDLED_TYPES, ...IGNORED_TYPES].filter((type) => !known.has(type))).toEqual([]);
  });

  it('takes a thin event for the snapshot of that name, and a newer one for unknown', () => {
    expect(dispatch('v1.customer.subscription.updated')).toBe('handled');
    expect(dispatch('customer.subscription.updated')).toBe('handled');
    expect(dispatch('invoice.upcoming')).toBe('ignored');
    expect(dispatch('customer.teleported')).toBe('unknown');
  });
});
