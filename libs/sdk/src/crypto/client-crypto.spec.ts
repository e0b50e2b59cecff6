import { createHash, createHmac } from 'node:crypto';
import { Signer } from '../testing/signer.js';
import { deviceHash, newUuid, sameBytes, toHex } from './client-crypto.js';
import { nodeCrypto } from './node-crypto.js';
import { webCrypto } from './web-crypto.js';

const bytes = (hex: string) => new Uint8Array(Buffer.from(hex, 'hex'));

describe.each([
  ['Node', nodeCrypto],
  ['browsers', webCrypto],
])('the cryptography of %s', (_, crypto) => {
  it('verifies the signature of RFC 8032, 7.1, test 3, and no other', async () => {
    const key = bytes('fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025');
    const message = bytes('af82');
    const signature = bytes(
      '6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac' +
        '18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a',
    );
    expect(await crypto.verify(key, message, signature)).toBe(true);
    expect(await crypto.verify(key, bytes('af83'), signature)).toBe(false);
    expect(await crypto.verify(key, message, signature.toReversed())).toBe(false);
    expect(await crypto.verify(key, message, signature.subarray(1))).toBe(false);
    expect(await crypto.verify(key.subarray(1), message, signature)).toBe(false);
  });

  it('keeps many keys apart', async () => {
    const message = bytes('00');
    for (let i = 0; i < 40; i++) {
      const [signer, other] = [new Signer('a'), new Signer('b')];
      expect(await crypto.verify(signer.key().publicKey, message, signer.sign(message))).toBe(true);
      expect(await crypto.verify(other.key().publicKey, message, signer.sign(message))).toBe(false);
    }
  });

  it('hashes and authenticates', async () => {
    const message = bytes('00ff');
    expect(toHex(await crypto.sha256(message))).toBe(createHash('sha256').update(message).digest('hex'));
    const mac = createHmac('sha256', 'key').update(message).digest('hex');
    expect(toHex(await crypto.hmacSha256(Buffer.from('key'), message))).toBe(mac);
  });

  it('names devices as the server does', async () => {
    const expected = createHash('sha256').update('gatehouse-device-v1\0räkner').digest('hex');
    expect(await deviceHash('räkner', crypto)).toBe(expected);
  });

  it('makes UUIDs', () => {
    const made = new Set(Array.from({ length: 100 }, () => newUuid(crypto)));
    expect(made.size).toBe(100);
    for (const id of made) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    }
  });
});

it('compares bytes', () => {
  expect(sameBytes(bytes('0102'), bytes('0102'))).toBe(true);
  for (const other of ['0103', '01', '010200', ''])
    expect(sameBytes(bytes('0102'), bytes(other))).toBe(false);
});
