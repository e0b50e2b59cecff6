import { Signer } from '../testing/signer.js';
import { scripted } from '../testing/scripted-client.js';

const DAY = 86_400_000;

describe('keys that were not shipped', () => {
  it('are pinned on first use over TLS, and said to be', async () => {
    const { client, heard, stores, server } = scripted({ anchors: [] });
    expect((await client.start()).state).toBe('fresh');
    expect(heard['keys-pinned']).toEqual([
      { url: 'https://licences.example', issuer: 'https://licences.example', kids: ['2026-1'] },
    ]);
    expect((await stores.pinned.read())?.[0]?.anchors).toEqual([server.signer.anchor]);
  });

  it('are pinned once: who answers there later with others is not believed', async () => {
    const { client, heard, start, server } = scripted({ anchors: [] });
    await client.start();
    await client.close();
    const thief = new Signer('2026-1');
    server.signing = thief;
    server.keys = [{ kid: '2026-1', x: thief.x, status: 'active' }];
    server.lease = { plan: 'STOLEN' };
    const again = start();
    expect((await again.start()).plan).toBe('PRO');
    expect(heard.warning.map((one) => one.code)).toEqual(['LEASE_REFUSED']);
    expect(heard['keys-pinned']).toHaveLength(1);
  });

  it('are those that the first of two programs found', async () => {
    const { client, heard, start, stores } = scripted({ anchors: [] });
    const other = start();
    const statuses = await Promise.all([client.start(), other.start()]);
    expect(statuses.map((one) => one.state)).toEqual(['fresh', 'fresh']);
    expect(heard['keys-pinned']).toHaveLength(1);
    expect(await stores.pinned.read()).toHaveLength(1);
  });

  it('are not taken over bare HTTP from another machine', async () => {
    const { client, heard } = scripted({ anchors: [], url: 'http://licences.example', allowHttp: true });
    expect(await client.start()).toMatchObject({ state: 'free', reason: 'NO_LEASE' });
    expect(heard.warning.map((one) => one.code)).toEqual(['NO_TRUSTED_KEYS']);
  });

  it('that are known to be compromised are not pinned', async () => {
    const { client, server, stores } = scripted({ anchors: [] });
    server.keys = [{ kid: 'old', x: new Signer('old').x, status: 'compromised' }, ...server.keys];
    await client.start();
    expect((await stores.pinned.read())?.[0]?.anchors.map((one) => one.kid)).toEqual(['2026-1']);
  });
});

describe('keys that change', () => {
  it('are learned when old ones introduce them, and remembered', async () => {
    const { client, server, start } = scripted();
    await client.start();
    const next = new Signer('2026-2');
    server.keySets = [server.keySet({ sequence: 1, keys: [server.signer.key(), next.key()] }, server.signer)];
    server.signing = next;
    server.lease = { plan: 'TEAM', revision: 2 };
    await client.acquire();
    expect(client.status().plan).toBe('TEAM');
    await client.close();

    server.goAway();
    expect(await start().start()).toMatchObject({ state: 'fresh', plan: 'TEAM' });
  });

  it('that nobody introduced are not believed', async () => {
    const { client, server, heard } = scripted();
    await client.start();
    const thief = new Signer('2026-2');
    server.keySets = [server.keySet({ sequence: 1, keys: [thief.key()] }, thief)];
    server.signing = thief;
    await client.acquire();
    expect(heard.warning.map((one) => one.code)).toEqual(['LEASE_REFUSED']);
    expect(client.status().plan).toBe('PRO');
  });

  it('that were compromised take their leases with them, within a day', async () => {
    const { client, server, time } = scripted();
    const next = new Signer('2026-2');
    server.keySets = [server.keySet({ sequence: 1, keys: [server.signer.key(), next.key()] }, server.signer)];
    await client.start();
    server.keySets = [
      server.keySet({ sequence: 2, keys: [server.signer.key({ compromised: true }), next.key()] }, next),
    ];
    server.signing = next;
    await time.pass(DAY);
    expect(client.status().state).toBe('fresh');
    server.signing = server.signer;
    server.lease = { plan: 'STOLEN', revision: 9 };
    await client.acquire();
    expect(client.status().plan).toBe('PRO');
  });
});

describe('a lease', () => {
  it('of another device is not believed', async () => {
    const { client, server, heard } = scripted();
    server.lease = { device: 'cd'.repeat(32) };
    expect((await client.start()).state).toBe('free');
    expect(heard.warning[0]).toMatchObject({ code: 'LEASE_REFUSED', cause: { code: 'WRONG_DEVICE' } });
  });

  it('of another issuer than was named is not believed', async () => {
    const { client } = scripted({ issuer: 'https://other.example' });
    expect((await client.start()).state).toBe('free');
  });
});
