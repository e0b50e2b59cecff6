import { Loop } from './loop.js';

function spy() {
  const lines: string[] = [];
  const line = (_: object, message: string) => void lines.push(message);
  return { lines, log: { debug: line, info: line, warn: line, error: line } };
}

/** A loop whose turns are these; it is over when they are used up. */
async function play(...turns: (() => Promise<boolean>)[]): Promise<string[]> {
  const { lines, log } = spy();
  const { promise: over, resolve } = Promise.withResolvers<void>();
  const turn = () => {
    const next = turns.shift();
    if (!next) resolve();
    return next ? next() : Promise.resolve(false);
  };
  const loop = new Loop({ name: 'The loop', turn, idleMs: 1, failedMaxMs: 1, log });
  loop.start();
  await over;
  await loop.stop();
  return lines;
}

const fails = () => Promise.reject(new Error('no'));
const works = () => Promise.resolve(true);

describe('Loop', () => {
  it('says once that it fails, and once that it works again', async () => {
    expect(await play(works, fails, fails, fails, works, works)).toEqual([
      'The loop failed and tries again.',
      'The loop works again.',
    ]);
  });

  it('stops when the turn that runs has ended, and begins no other', async () => {
    let turns = 0;
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<boolean>();
    const turn = () => {
      turns += 1;
      begun.resolve();
      return end.promise;
    };
    const loop = new Loop({ name: 'The loop', turn, idleMs: 1, failedMaxMs: 1, log: spy().log });
    loop.start();
    await begun.promise;
    let stopped = false;
    const stopping = loop.stop().then(() => (stopped = true));
    await Promise.resolve();
    expect(stopped).toBe(false);
    end.resolve(true);
    await stopping;
    expect(turns).toBe(1);
  });

  it('does not wait out a long pause when it is stopped', async () => {
    const begun = Promise.withResolvers<void>();
    const turn = () => {
      begun.resolve();
      return Promise.resolve(false);
    };
    const loop = new Loop({ name: 'The loop', turn, idleMs: 86_400_000, failedMaxMs: 1, log: spy().log });
    loop.start();
    await begun.promise;
    await loop.stop();
  });
});
