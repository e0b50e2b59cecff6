import { machine } from './machine.js';
import { type RegisteredBody, signUp, succeed } from './person.js';

export const keyOf = (owner: RegisteredBody) => owner.license.key ?? '';

/** A tenant whose licence is kept by heartbeats: Free is sold without (S1-29), and whoever has it may tighten that. */
export async function beating(url: string): Promise<RegisteredBody> {
  const owner = await signUp(url);
  await succeed(`${url}/api/v1/licenses/settings`, {
    method: 'PATCH',
    bearer: owner.access_token,
    body: { heartbeat_mode: 'hybrid' },
  });
  return owner;
}

/** Whether another machine gets the only seat now. */
export async function isFree(url: string, owner: RegisteredBody): Promise<boolean> {
  const other = machine('other', { url, licenseKey: keyOf(owner) });
  const { seat } = await other.start();
  await other.close();
  return seat !== null;
}
