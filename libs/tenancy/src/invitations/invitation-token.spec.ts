import { randomBytes } from 'node:crypto';
import { newId } from '#platform';
import { InvitationTokens } from './invitation-token.js';

const config = (key: Buffer<ArrayBuffer>) => ({ key, days: 7, baseUrl: 'http://127.0.0.1' });
const tokens = new InvitationTokens(config(randomBytes(32)));
const invitation = { tenantId: newId('ten'), id: newId('inv'), generation: 1 };

describe('the token of an invitation', () => {
  it('names its invitation, and is always the same', () => {
    const text = tokens.of(invitation);
    expect(text).toMatch(/^ivt_[\w-]{86}$/);
    expect(tokens.of(invitation)).toBe(text);
    const token = tokens.parse(text)!;
    expect(token).toMatchObject({ tenantId: invitation.tenantId, invitationId: invitation.id });
    expect(tokens.isOf(token, invitation)).toBe(true);
  });

  it('is void for the next generation, another invitation, another tenant and another key', () => {
    const token = tokens.parse(tokens.of(invitation))!;
    expect(tokens.isOf(token, { ...invitation, generation: 2 })).toBe(false);
    expect(tokens.isOf(token, { ...invitation, id: newId('inv') })).toBe(false);
    expect(tokens.isOf(token, { ...invitation, tenantId: newId('ten') })).toBe(false);
    expect(new InvitationTokens(config(randomBytes(32))).isOf(token, invitation)).toBe(false);
  });

  it.each(['', 'ivt_', 'mlt_x', 'ivt_' + 'A'.repeat(85) + 'B', 'ivt_' + 'A'.repeat(87)])(
    'is not %p',
    (text) => {
      expect(tokens.parse(text)).toBeNull();
    },
  );
});
