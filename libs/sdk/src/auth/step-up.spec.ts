import { MfaEnrollmentRequired, ReauthenticationRequired } from '../api/api-error.js';
import { failure } from '../testing/failure.js';
import { ADA, type ScriptedAuth } from '../testing/scripted-auth.js';
import { ScriptedTabs } from '../testing/scripted-tabs.js';

let tabs: ScriptedTabs;
let auth: ScriptedAuth;
beforeEach(() => {
  tabs = new ScriptedTabs();
  ({ auth } = tabs);
});
const start = () => tabs.start().client;

it('who has to set up a second factor first does so, and is signed in', async () => {
  auth.mustEnrol = true;
  const client = start();
  const asked = await failure(client.signIn(ADA));
  if (!(asked instanceof MfaEnrollmentRequired)) throw asked;
  expect([asked.code, asked.kind]).toEqual(['MFA_ENROLLMENT_REQUIRED', 'unauthenticated']);
  const { mfaToken } = asked;
  expect((await client.account.enrollTotp({ mfaToken })).secret).toBe('GEZDGNBV');
  expect(await failure(client.confirmTotp({ mfaToken, code: '000000' }))).toMatchObject({
    code: 'CODE_INVALID',
  });
  expect(await client.user()).toBeNull();
  const done = await client.confirmTotp({ mfaToken, code: '123456' });
  expect([done.backupCodes, done.signedIn.user.id]).toEqual([['k7mwe-3xq2f'], 'usr_1']);
  expect((await client.me()).user.id).toBe('usr_1');
});

describe('showing anew who is signed in', () => {
  it('is asked for by an error that says how', async () => {
    const client = start();
    await client.signIn(ADA);
    const asked = await failure(client.account.reauthenticate({ code: '123456' }));
    if (!(asked instanceof ReauthenticationRequired)) throw asked;
    expect([asked.methods, asked.maxAgeSeconds, asked.kind]).toEqual([['password'], null, 'forbidden']);
  });

  it('gives an access token that is used from then on, by all who share it', async () => {
    const client = start();
    await client.signIn(ADA);
    expect(await client.account.reauthenticate({ password: ADA.password })).toEqual({
      accessToken: 'access-2',
      expiresInSeconds: 3600,
    });
    expect([await client.token(), await start().token()]).toEqual(['access-2', 'access-2']);
    expect(await tabs.store.read()).toMatchObject({ refreshToken: 'refresh-1-1', user: { id: 'usr_1' } });
  });

  it('replaces nobody else’s', async () => {
    const client = start();
    await client.signIn(ADA);
    const used = (await client.token())!;
    auth.user = { ...auth.user, id: 'usr_2' };
    await start().signIn(ADA);
    await client.replace(used, { accessToken: 'of-ada', expiresInSeconds: 3600 });
    expect(await client.token()).toBe('access-2');
  });
});

describe('what is kept of a person', () => {
  it('follows what the server says of them', async () => {
    const client = start();
    await client.signIn(ADA);
    const names: string[] = [];
    for (const name of ['signed-in', 'signed-out'] as const) client.on(name, () => void names.push(name));
    auth.user = { ...auth.user, email: 'ada@new.example' };
    auth.tenant = { ...auth.tenant, plan: 'TEAM' };
    await client.me();
    const user = { id: 'usr_1', email: 'ada@new.example', tenantId: 'ten_1', plan: 'TEAM' };
    expect([await client.user(), (await tabs.store.read())?.user]).toEqual([user, user]);
    expect(names).toEqual([]);
  });

  it('is not what the server says of somebody else', async () => {
    const client = start();
    await client.signIn(ADA);
    auth.user = { ...auth.user, id: 'usr_2', email: 'bob@acme.example' };
    await client.me();
    expect((await client.user())?.email).toBe(ADA.email);
  });
});
