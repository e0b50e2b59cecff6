import { PassThrough } from 'node:stream';
import { ask } from './ask.js';

/** Asks at a terminal where this is typed. Gives the answer, and what the terminal shows. */
async function asked(typed: string, isSecret: boolean): Promise<{ answer: string; shown: string }> {
  const desk = { input: new PassThrough(), output: new PassThrough() };
  const answer = ask('STRIPE_SECRET_KEY: the key?', isSecret, desk);
  for (const key of `${typed}\r`) desk.input.write(key);
  const said = await answer;
  return { answer: said, shown: String(desk.output.read()) };
}

describe('what somebody types at a terminal (S2-49)', () => {
  it('is shown, but for what is secret', async () => {
    const [open, secret] = [await asked('acme tools', false), await asked(' sk_test_9f8e7d ', true)];
    expect(open).toEqual({ answer: 'acme tools', shown: expect.stringContaining('acme tools') });
    expect(secret.answer).toBe('sk_test_9f8e7d');
    expect(secret.shown).toContain('STRIPE_SECRET_KEY: the key?');
    // Nor a piece of it.
    expect(secret.shown).not.toMatch(/sk_|9f8e|7d/);
  });
});
