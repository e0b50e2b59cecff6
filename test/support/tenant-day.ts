import { newEmail, type RegisteredBody, signUp, succeed } from './person.js';
import { eventually } from './eventually.js';
import { type Operation } from './openapi-fuzz-schema.js';
import type { Product } from './product.js';
import { type InvitationBody, type MemberBody, type Somebody, teamOf } from './team.js';
import { type ExportBody, fetchFile, type LivelyTenant, PATIENT } from './tenant-life.js';

/** What the people of an organisation do to it in a day. When it is over the owner owns it still. */
export async function dayOf(product: Product, lively: LivelyTenant): Promise<RegisteredBody> {
  const team = teamOf(product);
  const { seat, owner: signedUp } = lively;
  await team.changePlan(signedUp, 'ENTERPRISE');
  const owner = await team.refreshed<RegisteredBody>(signedUp);
  const patch = (path: string, body: object) => team.ask(owner, path, { method: 'PATCH', body });
  const remove = (path: string) => team.ask(owner, path, { method: 'DELETE' });

  await patch('/tenant', { name: 'Zebra Works' });
  await patch('/tenant/settings', { retention_days: 90 });
  await team.ask(owner, '/tenant/roles', { body: { name: 'desk', scopes: ['licenses:read'] } });
  await patch('/tenant/roles/desk', { scopes: ['licenses:read', 'members:read'] });
  await team.ask(owner, '/tenant/roles', { body: { name: 'spare', scopes: ['licenses:read'] } });
  await remove('/tenant/roles/spare');

  const invited: InvitationBody = await team.invite(owner, 'desk');
  await team.ask(owner, `/tenant/invitations/${invited.id}/resend`, { method: 'POST' });
  await remove(`/tenant/invitations/${(await team.invite(owner, 'viewer')).id}`);
  const declined = newEmail();
  await team.invite(owner, 'viewer', declined);
  await succeed(`${product.v1}/invitations/decline`, { body: { token: await team.tokenTo(declined) } });

  const joined = (role: string) => comes(product, owner, role);
  const [grace, mary, joan] = [await joined('desk'), await joined('developer'), await joined('viewer')];
  await patch(`/tenant/members/${mary.id}`, { role: 'admin' });
  await remove(`/tenant/members/${mary.id}`);
  await team.ask(joan, '/tenant/leave', { method: 'POST' });
  const mine = (await team.members(owner)).find((one) => one.user_id === owner.user.id)!;
  await team.ask(owner, '/tenant/transfer', { body: { membership_id: grace.id, role: 'admin' } });
  const heir = await team.refreshed(grace);
  await team.ask(heir, '/tenant/transfer', { body: { membership_id: mine.id, role: 'desk' } });
  const again = await team.refreshed(owner);

  const second = await team.ask<{ id: string }>(again, '/tenants', {
    body: { organization_name: 'Zebra Second' },
  });
  await team.ask(again, '/auth/switch', { body: { tenant_id: second.id } });
  const { v1 } = product;
  await succeed(`${v1}/licenses/release`, { method: 'DELETE', body: { session_id: seat.session_id } });
  await exported(product, again, 'DELETE');
  await fetchFile(product, again.access_token, await exported(product, again));
  return team.refreshed(again);
}

/** Somebody with an organisation of their own, who is invited, accepts, and goes there. */
async function comes(product: Product, owner: RegisteredBody, role: string): Promise<Somebody & MemberBody> {
  const team = teamOf(product);
  const { email } = await team.invite(owner, role);
  const person = await signUp(product.api.url, { email });
  await team.ask(person, '/invitations/accept', { body: { token: await team.tokenTo(email) } });
  const there = await team.ask<RegisteredBody>(person, '/auth/switch', {
    body: { tenant_id: owner.tenant.id },
  });
  return { ...there, ...(await team.members(owner)).find((one) => one.email === email)! };
}

/** A whole export, of which something is done then; its id. */
async function exported(product: Product, owner: RegisteredBody, then?: 'DELETE'): Promise<string> {
  const team = teamOf(product);
  const { id } = await team.ask<ExportBody>(owner, '/tenant/exports', { method: 'POST' });
  await eventually(async () => {
    expect((await team.ask<ExportBody>(owner, `/tenant/exports/${id}`)).status).toBe('ready');
  }, PATIENT);
  if (then) await team.ask(owner, `/tenant/exports/${id}`, { method: then });
  return id;
}

/** A stream of events, which has begun once it is answered. */
const isEndless = ({ headers }: Response) => headers.get('content-type')?.startsWith('text/event-stream');

/**
 * Reads all that the API shows somebody: every GET that takes a bearer, with `ids` in the path. Gives how many there were; throws
 * for one that is refused, and where none of the ids fits.
 */
export async function readAll(
  product: Product,
  operations: readonly Operation[],
  bearer: string,
  ids: Iterable<string>,
): Promise<number> {
  const known = [...ids];
  const reads = operations.filter(({ method, access }) => method === 'GET' && access !== 'public');
  for (const { name, path, parameters } of reads) {
    const target = path.replace(/\{(\w+)\}/g, (_, parameter: string) => {
      const { pattern } = parameters.find((one) => one.name === parameter)!.schema as { pattern: string };
      const id = known.findLast((one) => new RegExp(pattern).test(one));
      if (!id) throw new Error(`They have nothing that ${name} could show.`);
      return id;
    });
    const answer = await fetch(product.api.url + target, { headers: { authorization: `Bearer ${bearer}` } });
    await (isEndless(answer) ? answer.body?.cancel() : answer.arrayBuffer());
    if (answer.status !== 200) throw new Error(`${name} was answered ${answer.status}.`);
  }
  return reads.length;
}
