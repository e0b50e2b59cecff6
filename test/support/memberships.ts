import { newId } from '#platform';
import type { RegisteredBody } from './person.js';
import type { Product } from './product.js';

/** Somebody is a member of somebody else's organisation from now on, by whichever way they came; their membership's id. */
export async function joins(
  product: Product,
  person: Pick<RegisteredBody, 'user'>,
  { tenant }: { tenant: Pick<RegisteredBody['tenant'], 'id'> },
  role = 'member',
): Promise<string> {
  const id = newId('mem');
  await product.query(
    `insert into tenancy.memberships (tenant_id, id, user_id, role, created_at) values ($1, $2, $3, $4, now())`,
    [tenant.id, id, person.user.id, role],
  );
  return id;
}
