import { randomBytes } from 'node:crypto';
import { newId } from '#platform';
import {
  formatRefreshToken,
  hashOf,
  newRefreshToken,
  parseRefreshToken,
  successorOf,
} from './refresh-token.js';

describe('a refresh token', () => {
  const pepper = randomBytes(32);
  const token = newRefreshToken(newId('ten'), newId('ses'));

  it('reads back what it wrote', () => {
    expect(parseRefreshToken(formatRefreshToken(token))).toEqual(token);
  });

  it('has one successor, which only the pepper gives', () => {
    expect(successorOf(pepper, token)).toEqual(successorOf(pepper, token));
    expect(successorOf(pepper, token).secret).not.toEqual(token.secret);
    expect(successorOf(randomBytes(32), token).secret).not.toEqual(successorOf(pepper, token).secret);
  });

  it('is stored as neither itself nor its successor', () => {
    const hash = hashOf(pepper, token);
    expect(hash).not.toEqual(token.secret);
    expect(hash).not.toEqual(successorOf(pepper, token).secret);
  });

  it.each(['', 'rft_', 'rft_AAAA', `rft_${'!'.repeat(86)}`, 'x'.repeat(100_000)])('is not %p', (text) => {
    expect(parseRefreshToken(text)).toBeNull();
  });
});
