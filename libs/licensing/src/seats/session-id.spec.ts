import { randomBytes } from 'node:crypto';
import { newId } from '#platform';
import { newSeatId, type SeatGrant, SessionIds } from './session-id.js';

const key = (id: number, compromised = false) => ({ id, key: randomBytes(32), compromised });
const grant = (): SeatGrant => ({
  tenantId: newId('ten'),
  licenseId: newId('lic'),
  seatId: newSeatId(),
  device: randomBytes(16).toString('hex'),
});

describe('a session id', () => {
  it('reads back what was granted', () => {
    const ids = new SessionIds([key(1)]);
    const given = grant();
    expect(ids.read(ids.issue(given))).toEqual(given);
  });

  it('is refused with any bit changed', () => {
    const ids = new SessionIds([key(1)]);
    const text = ids.issue(grant());
    const bytes = Buffer.from(text.slice('seat_'.length), 'base64url');
    for (let i = 0; i < bytes.length; i++) {
      const changed = Buffer.from(bytes);
      changed[i] = changed[i]! ^ 1;
      expect(ids.read(`seat_${changed.toString('base64url')}`)).toBeNull();
    }
  });

  it.each(['', 'seat_', 'seat_AAAA', 'x'.repeat(10_000)])('is not %p', (text) => {
    expect(new SessionIds([key(1)]).read(text)).toBeNull();
  });

  it('outlives the rotation of its key, but not the compromise', () => {
    const old = key(1);
    const given = grant();
    const text = new SessionIds([old]).issue(given);
    expect(new SessionIds([key(2), old]).read(text)).toEqual(given);
    expect(new SessionIds([key(2), { ...old, compromised: true }]).read(text)).toBe('compromised');
    expect(new SessionIds([key(2)]).read(text)).toBeNull();
  });
});
