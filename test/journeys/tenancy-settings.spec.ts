import { eventually } from '../support/eventually.js';
import { journeyProduct } from '../support/journey.js';
import { call, type ErrorBody, newEmail, PASSWORD, refusal, type RegisteredBody } from '../support/person.js';
import { teamOf } from '../support/team.js';
import type { ExportBody } from '../support/tenant-life.js';

const DAY_MS = 86_400_000;
/** A machine that is busy with other tests. */
const SLACK_DAYS = 0.1;

const product = journeyProduct({
  INVITATION_QUOTA: '3',
  INVITATION_DAYS: '2',
  TENANCY_DELETION_GRACE_DAYS: '5',
  TENANCY_EXPORT_DAYS: '3',
});
const team = teamOf(product);
const { ask, refused } = team;

/** How many days from now. */
const daysUntil = (at: string) => (Date.parse(at) - Date.now()) / DAY_MS;
const isAbout = (days: number, at: string) => {
  expect(daysUntil(at)).toBeGreaterThan(days - SLACK_DAYS);
  expect(daysUntil(at)).toBeLessThanOrEqual(days);
};

describe('what an operator sets', () => {
  it('says how long an invitation, a deletion and the file of an export wait', async () => {
    const owner = await team.owner('FREE');
    isAbout(2, (await team.invite(owner, 'viewer')).expires_at);

    const { id } = await ask<ExportBody>(owner, '/tenant/exports', { method: 'POST' });
    const made = await eventually(
      async () => {
        const one = await ask<ExportBody & { expires_at: string }>(owner, `/tenant/exports/${id}`);
        return one.status === 'ready' && one;
      },
      { withinMs: 60_000 },
    );
    isAbout(3, made.expires_at);

    const deletion = await ask<{ deletes_at: string }>(owner, '/tenant', {
      method: 'DELETE',
      body: { slug: owner.tenant.slug },
    });
    isAbout(5, deletion.deletes_at);
  });

  it('says how many invitations an organisation sends an hour, those sent again included', async () => {
    const owner = await team.owner();
    const first = await team.invite(owner, 'viewer');
    await team.invite(owner, 'viewer');
    await ask(owner, `/tenant/invitations/${first.id}/resend`, { method: 'POST' });
    const another = { body: { email: newEmail(), role: 'viewer' } };
    expect(await refused(owner, '/tenant/invitations', another)).toEqual([429, 'RATE_LIMITED']);
    expect(await refused(owner, `/tenant/invitations/${first.id}/resend`, { method: 'POST' })).toEqual([
      429,
      'RATE_LIMITED',
    ]);
    // Each organisation has its own.
    await team.invite(await team.owner('FREE'), 'viewer');
  });

  it('lets nobody sign up but those who are invited', async () => {
    const closed = await product.startApi({ AUTH_SIGNUP_MODE: 'invite_only' });
    const register = (email: string, more: object) =>
      call<RegisteredBody & ErrorBody>(`${closed.url}/api/v1/auth/register`, {
        body: { email, password: PASSWORD, ...more },
      });
    const owner = await team.owner('FREE');
    const { email } = await team.invite(owner, 'viewer');
    expect(refusal(await register(email, { organization_name: 'Mine' }))).toEqual([403, 'SIGN_UP_CLOSED']);
    const invitation_token = await team.tokenTo(email);
    expect(refusal(await register(newEmail(), { invitation_token }))).toEqual([
      403,
      'INVITATION_FOR_OTHER_ADDRESS',
    ]);
    const { status, body } = await register(email, { invitation_token });
    expect([status, body.tenant?.id]).toEqual([201, owner.tenant.id]);
    await closed.stop();
  });
});
