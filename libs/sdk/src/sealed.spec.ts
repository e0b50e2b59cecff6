import { nodeCrypto } from './crypto/node-crypto.js';
import { webCrypto } from './crypto/web-crypto.js';
import { seal, unseal } from './sealed.js';

const key = Buffer.from('a key');

describe('a sealed text', () => {
  it('opens on either platform', async () => {
    for (const body of ['', '{"a": "ü"}', 'x'.repeat(100_000)]) {
      expect(await unseal(await seal(body, key, nodeCrypto), key, webCrypto)).toBe(body);
    }
  });

  it('does not open when it was changed, or under another key', async () => {
    const text = await seal('{"used": 7}', key, nodeCrypto);
    expect(await unseal(text.replace('7', '0'), key, nodeCrypto)).toBeNull();
    expect(await unseal(text, Buffer.from('another'), nodeCrypto)).toBeNull();
  });

  it.each([
    '',
    'null',
    '[]',
    '7',
    '{}',
    '{"mac":"","body":""}',
    '{"mac":1,"body":2}',
    '{"mac":"=","body":"x"}',
    '{"mac',
  ])('is not %s', async (text) => {
    expect(await unseal(text, key, nodeCrypto)).toBeNull();
  });
});
