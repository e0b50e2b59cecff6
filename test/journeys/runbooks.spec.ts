import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { journeyProduct } from '../support/journey.js';
import { call, type RegisteredBody, signUp, succeed } from '../support/person.js';
import { Runbook } from '../support/runbook.js';

const PAGE = 'docs/runbooks/signing-key-rollout.md';
/** Stands where the reader has restarted the API with a store. */
const RESTARTED = '<!-- the API has been restarted -->';

const product = journeyProduct({ AUTH_JWKS_MAX_AGE_SECONDS: '2' });
let runbook: Runbook;
let keys: string;

beforeAll(() => {
  runbook = new Runbook(PAGE, () => product.api.url);
  keys = join(runbook.place, 'keys');
  mkdirSync(keys, { mode: 0o700 });
  runbook.settings(product.env);
});
afterAll(() => runbook?.remove());

describe(PAGE, () => {
  it('runs as it is written, and throws nobody out', async () => {
    const [before = [], after = []] = runbook.parts(RESTARTED);
    const ada = await signUp(product.api.url);
    expect(before.length + after.length).toBeGreaterThan(6);
    await runbook.prints(before);

    await product.api.stop();
    runbook.settings({ ...product.env, AUTH_KEYS_DIR: keys });
    const { port } = new URL(product.api.url);
    await product.startApi({ PORT: port, AUTH_KEYS_DIR: keys });

    const stolen = after.findIndex((one) => one.text.includes('keys revoke'));
    await runbook.prints(after.slice(0, stolen));
    expect(await me(ada.access_token)).toBe(200);

    await runbook.prints([after[0]!, ...after.slice(stolen)]);
    const { access_token } = await succeed<RegisteredBody>(`${product.v1}/auth/refresh`, {
      body: { refresh_token: ada.refresh_token },
    });
    expect(await me(access_token)).toBe(200);
  }, 300_000);
});

const me = async (bearer: string) => (await call(`${product.v1}/auth/me`, { bearer })).status;
