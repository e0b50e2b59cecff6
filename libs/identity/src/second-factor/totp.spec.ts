import { generateSync } from 'otplib';
import { newTotpSecret, otpauthUri, stepOf } from './totp.js';

describe('TOTP (RFC 6238)', () => {
  it('knows the step of a code, one to either side, and of no other', () => {
    const secret = newTotpSecret();
    const epoch = 1_795_000_005;
    const code = generateSync({ secret, epoch });
    const at = (seconds: number) => stepOf(secret, code, new Date((epoch + seconds) * 1_000));
    const step = Math.floor(epoch / 30);
    expect([at(0), at(30), at(-30), at(61), at(-61)]).toEqual([step, step, step, null, null]);
    expect(stepOf(secret, '12345', new Date())).toBeNull();
    expect(stepOf(newTotpSecret(), code, new Date(epoch * 1_000))).toBeNull();
  });

  it('takes the vector of the RFC', () => {
    // Appendix B: the key is twenty ASCII digits, the last six of eight digits count here.
    const secret = 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ';
    expect(stepOf(secret, '287082', new Date(59_000))).toBe(1);
    expect(stepOf(secret, '081804', new Date(1_111_111_109_000))).toBe(37_037_036);
  });

  it('writes the URI that authenticators read', () => {
    expect(otpauthUri('GEZDGNBVGY3TQOJQ', 'Gatehouse', 'ada@example.com')).toMatch(
      /^otpauth:\/\/totp\/Gatehouse:ada%40example\.com\?(?=.*secret=GEZDGNBVGY3TQOJQ)(?=.*issuer=Gatehouse)/,
    );
  });
});
