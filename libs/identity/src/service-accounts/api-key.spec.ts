import { crc32 } from 'node:zlib';
import { newId } from '#platform';
import { formatApiKey, hashOfApiKey, newApiKey, parseApiKey } from './api-key.js';

const PEPPER = Buffer.alloc(32, 7);
const key = newApiKey(newId('ten'), newId('key'));
const text = formatApiKey(key, 'live');

describe('the text of an API key', () => {
  it('says what it is, and is read back', () => {
    expect(text).toMatch(/^gh_key_live_[0-9A-Za-z]{92}$/);
    expect(formatApiKey(key, 'test')).toMatch(/^gh_key_test_/);
    expect(parseApiKey(text)).toEqual(key);
    expect(parseApiKey(formatApiKey(key, 'test'))).toEqual(key);
  });

  it('keeps its length at the ends of what it can hold', () => {
    for (const byte of [0, 255]) {
      const edge = { ...key, secret: Buffer.alloc(32, byte) };
      expect(formatApiKey(edge, 'live')).toHaveLength(text.length);
      expect(parseApiKey(formatApiKey(edge, 'live'))).toEqual(edge);
    }
  });

  it('ends in the CRC-32 of what stands before it, as the documents say', () => {
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    const checksum = [...text.slice(-6)].reduce((sum, one) => sum * 62 + alphabet.indexOf(one), 0);
    expect(checksum).toBe(crc32(text.slice(0, -6)));
  });

  it('is refused with any character changed, missing, added, or in another alphabet', () => {
    for (let at = 0; at < text.length; at++) {
      const other = text[at] === 'x' ? 'y' : 'x';
      expect(parseApiKey(text.slice(0, at) + other + text.slice(at + 1))).toBeNull();
    }
    const others = [
      '',
      text.slice(1),
      text.slice(0, -1),
      `${text}0`,
      `${text}\n`,
      ` ${text}`,
      text.replace('live', 'prod'),
    ];
    for (const other of others) expect(parseApiKey(other)).toBeNull();
  });

  it('spells nothing above 64 bytes', () => {
    const body = `gh_key_live_${'z'.repeat(86)}`;
    const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
    let sum = crc32(body);
    let checksum = '';
    for (; checksum.length < 6; sum = Math.floor(sum / 62)) checksum = alphabet[sum % 62] + checksum;
    expect(parseApiKey(body + checksum)).toBeNull();
  });

  it('is stored as a hash that belongs to its tenant, its id and the pepper', () => {
    const hash = hashOfApiKey(PEPPER, key);
    expect(hashOfApiKey(PEPPER, key)).toEqual(hash);
    for (const other of [
      hashOfApiKey(Buffer.alloc(32, 8), key),
      hashOfApiKey(PEPPER, { ...key, tenantId: newId('ten') }),
      hashOfApiKey(PEPPER, { ...key, keyId: newId('key') }),
      hashOfApiKey(PEPPER, { ...key, secret: Buffer.alloc(32) }),
    ])
      expect(other).not.toEqual(hash);
  });
});
