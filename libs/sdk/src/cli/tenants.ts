import type { OwnTenant } from '../api/tenancy-answers.js';
import type { AuthClient } from '../node/auth-client.js';
import { EXIT, Refusal } from './exit-codes.js';
import { plain } from './terminal.js';

/** One of the person's organisations, by its id or slug. Throws ApiError, and Refusal for one they are not in. */
export async function findTenant(auth: AuthClient, wanted: string): Promise<OwnTenant> {
  for await (const tenant of auth.api.tenancy.tenants())
    if (tenant.id === wanted || tenant.slug === wanted.toLowerCase()) return tenant;
  throw new Refusal(
    EXIT.refused,
    `You are in no organisation ${JSON.stringify(wanted)}. See: gatehouse switch`,
  );
}

/** For a list that people choose from. */
export const lineOf = ({ name, slug, role }: OwnTenant): string =>
  `${plain(name)} (${plain(slug)}), as ${plain(role)}`;
