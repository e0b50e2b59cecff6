import type { AccountsConfig } from './accounts.config.js';
import { InvitedDomains } from './invited.js';

describe('those who were invited', () => {
  const invited = new InvitedDomains({ signUpDomains: ['acme.example'] } as unknown as AccountsConfig);
  it.each([
    ['ada@acme.example', true, false, true],
    ['ada@acme.example', false, true, true],
    // An issuer that does not vouch for the address says nothing.
    ['ada@acme.example', false, false, false],
    ['ada@notacme.example', true, false, false],
    ['ada@acme.example.evil.test', true, false, false],
    ['"x@acme.example"@evil.test', true, true, false],
  ])('%s, verified %s, by password %s: %s', async (email, emailVerified, byPassword, admitted) => {
    expect(await invited.admits({ email, emailVerified, byPassword })).toBe(admitted);
  });
});
