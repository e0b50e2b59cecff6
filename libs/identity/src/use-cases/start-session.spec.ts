import { Actor, newId } from '#platform';
import { StartSession } from './start-session.js';

describe('a session', () => {
  // Nothing behind it is reached: what is wrong here is wrong in our own code.
  const startSession = new StartSession(...(Array(10) as ConstructorParameters<typeof StartSession>));
  const policy = { tenantStatus: 'active', requiresSecondFactor: false };
  const origin = { traceId: '', address: null };
  const person = new Actor({ type: 'user', id: newId('usr'), tenantId: newId('ten'), origin });

  it.each([['pwd'], ['fed', 'otp', 'mfa']])(
    'is not made by what can be guessed, unless the guess was counted: %s',
    async (...amr) => {
      await expect(startSession.execute(person, { provider: 'password', amr }, policy)).rejects.toThrow(
        'unless the guess was counted',
      );
    },
  );

  it.each([
    ['a person without a tenant', person.as({ tenantId: null })],
    ['an operator', person.as({ type: 'operator' })],
    ['nobody', Actor.anonymous(origin)],
  ])('is not made for %s', async (_, actor) => {
    await expect(
      startSession.execute(actor, { provider: 'google.com', amr: ['fed'] }, policy),
    ).rejects.toThrow('needs a user and a tenant');
  });
});
