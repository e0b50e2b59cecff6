import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFirebaseAuth } from './firebase-auth.js';
import type { FirebaseAuth } from './firebase-auth.js';

const account = { email: 'ada@example.com', password: 'correct horse', returnSecureToken: true };

async function call(
  firebase: FirebaseAuth,
  verb: string,
): Promise<{ status: number; body: { idToken?: string } }> {
  const answer = await fetch(`${firebase.url}/identitytoolkit.googleapis.com/v1/accounts:${verb}?key=any`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(account),
  });
  return { status: answer.status, body: (await answer.json()) as { idToken?: string } };
}

it('signs people up, in the project of the clone, and knows them after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'firebase-'));
  const first = await startFirebaseAuth({ directory });
  expect(first.url).toBe(`http://${first.host}`);
  const { status, body } = await call(first, 'signUp');
  expect(status).toBe(200);
  const claims = JSON.parse(Buffer.from(body.idToken!.split('.')[1]!, 'base64url').toString()) as {
    aud: string;
  };
  expect(claims.aud).toBe(first.projectId);
  await first.stop();
  expect(await first.ended).toBe('exited with code 0');

  const second = await startFirebaseAuth({ directory });
  expect((await call(second, 'signInWithPassword')).status).toBe(200);
  await second.stop();
}, 60_000);
