import { probe } from './probe.js';

describe('probe', () => {
  it('finds up what answers', async () => {
    await expect(probe(async () => 'pong')).resolves.toMatchObject({ status: 'up', ms: expect.any(Number) });
  });

  it.each([
    ['rejects', () => Promise.reject(new Error('refused'))],
    [
      'throws before it is asked',
      () => {
        throw new Error('no such host');
      },
    ],
  ])('finds down what %s', async (_, ask) => {
    await expect(probe(ask)).resolves.toMatchObject({ status: 'down' });
  });

  it('gives up what never answers, and tells it so', async () => {
    let told = false;
    const finding = await probe(
      (signal) =>
        new Promise(() => {
          signal.addEventListener('abort', () => (told = true));
        }),
    );
    expect(finding.status).toBe('down');
    expect(told).toBe(true);
  });
});
