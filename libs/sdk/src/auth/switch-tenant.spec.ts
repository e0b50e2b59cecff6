import { isRefusal, MfaRequired } from '../api/api-error.js';
import { failure } from '../testing/failure.js';
import { json, refusal } from '../testing/scripted-server.js';
import { ScriptedTabs } from '../testing/scripted-tabs.js';

let tabs: ScriptedTabs;
beforeEach(() => {
  tabs = new ScriptedTabs();
  tabs.auth.others = { ten_2: 'Brook' };
});

describe('going to another organisation (S2-42)', () => {
  it('keeps the new tokens, then ends the session before', async () => {
    const { client, heard } = await tabs.signedIn();
    const keptWhenEnded: (string | undefined)[] = [];
    const back = tabs.auth.server.answer('POST /auth/logout', async ({ body }) => {
      back();
      keptWhenEnded.push((await tabs.store.read())?.refreshToken, String(body['refresh_token']));
      return json(200, { revoked: 1 });
    });
    expect((await client.switchTenant('ten_2')).tenant.name).toBe('Brook');
    expect(keptWhenEnded).toEqual(['refresh-2-1', 'refresh-1-1']);
    const user = expect.objectContaining({ tenantId: 'ten_2' }) as unknown;
    expect(heard).toEqual([['signed-in', { user }]]);
    expect((await client.me()).tenant.id).toBe('ten_2');
  });

  it('takes every tab and program along that shares who is signed in', async () => {
    const { client } = await tabs.signedIn();
    const other = tabs.start();
    await other.client.user();
    await client.switchTenant('ten_2');
    expect((await other.client.user())?.tenantId).toBe('ten_2');
    expect(other.names()).toEqual(['signed-in']);
  });

  it('changes nothing where it is refused, or nobody answers', async () => {
    const { client, names } = await tabs.signedIn();
    expect(await failure(client.switchTenant('ten_9'))).toMatchObject({ kind: 'not_found' });
    const back = tabs.auth.server.goAway();
    expect(await failure(client.switchTenant('ten_2'))).toMatchObject({ code: 'UNREACHABLE' });
    back();
    expect((await client.user())?.tenantId).toBe('ten_1');
    expect([names(), tabs.auth.loggedOut]).toEqual([[], []]);
  });

  it('goes on by the code that the other organisation asks for', async () => {
    const { client } = await tabs.signedIn();
    tabs.auth.secondFactor = true;
    const asked = await failure(client.switchTenant('ten_2'));
    if (!(asked instanceof MfaRequired)) throw asked;
    expect((await client.user())?.tenantId).toBe('ten_1');
    const { mfaToken } = asked;
    expect(isRefusal(await failure(client.answerChallenge({ mfaToken, code: '0' })), 'CODE_INVALID')).toBe(
      true,
    );
    tabs.auth.tenant = { ...tabs.auth.tenant, id: 'ten_2' };
    await client.answerChallenge({ mfaToken, code: '123456' });
    expect((await client.user())?.tenantId).toBe('ten_2');
    expect(tabs.auth.loggedOut).toEqual(['refresh-1-1']);
  });

  it('is no matter of a session that cannot be ended', async () => {
    const { client } = await tabs.signedIn();
    tabs.auth.server.answer('POST /auth/logout', () => refusal(503, 'UNAVAILABLE'));
    expect((await client.switchTenant('ten_2')).tenant.id).toBe('ten_2');
  });

  it('leaves alone what another sign-in in the same place replaces', async () => {
    const { client } = await tabs.signedIn();
    await client.signIn({ email: 'ada@acme.example', password: 'velvet otter marches nine' });
    expect(tabs.auth.loggedOut).toEqual([]);
  });
});

it('an invitation is accepted, and its organisation is where they are then', async () => {
  const { client } = await tabs.signedIn();
  tabs.auth.server.answer('POST /invitations/accept', ({ body }) =>
    body['token'] === 'inv_1'
      ? json(200, {
          tenant: { id: 'ten_2', name: 'Brook', slug: 'brook' },
          membership: { id: 'mem_1', role: 'viewer' },
        })
      : refusal(404, 'NOT_FOUND'),
  );
  expect((await client.acceptInvitation('inv_1')).membership.role).toBe('viewer');
  expect((await client.user())?.tenantId).toBe('ten_2');
});
