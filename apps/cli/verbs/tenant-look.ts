import { Command } from 'commander';
import { ReadPeople } from '#identity';
import { LookAtTenant, TenantId } from '#tenancy';
import { lookingOperator, withProduct } from '../operator-context.js';
import { say } from '../say.js';

/** What an organisation is, and what it chose for itself. */
export function tenantShowCommand(): Command {
  return new Command('show')
    .description('A tenant: name, plan, how many people that lets in, and what it chose for itself.')
    .argument('<tenant>', 'its id, ten_...')
    .action(async (tenantId: string) => {
      await withProduct(async (product) => {
        const look = product.get(LookAtTenant, { strict: false });
        const tenant = await look.execute(lookingOperator(), TenantId.parse(tenantId));
        say(`${tenant.id} ${tenant.slug} ${tenant.name}`);
        say(`${tenant.status}, since ${tenant.createdAt.toISOString()}`);
        say(`plan ${tenant.plan}: ${many(tenant.maxSeats, 'seat')}, ${many(tenant.maxMembers, 'member')}`);
        const domains = tenant.allowedDomains.join(', ') || 'any';
        say(`sign-up ${tenant.signUpMode}, domains ${domains}`);
        say(`second factor ${tenant.secondFactorRequired ? 'required' : 'optional'}`);
        say(
          `retention ${tenant.retentionDays === null ? 'as the product has it' : `${tenant.retentionDays} days`}`,
        );
      });
    });
}

/** Who is in an organisation, and as what. */
export function tenantMembersCommand(): Command {
  return new Command('members')
    .description('The people of a tenant: membership, person, role, address, since when.')
    .argument('<tenant>', 'its id, ten_...')
    .action(async (tenantId: string) => {
      await withProduct(async (product) => {
        const actor = lookingOperator();
        const look = product.get(LookAtTenant, { strict: false });
        const readPeople = product.get(ReadPeople, { strict: false });
        const id = TenantId.parse(tenantId);
        for await (const rows of look.members(actor, id)) {
          const userIds = rows.map(({ userId }) => userId);
          const people = await readPeople.execute(actor.as({ tenantId: id }), userIds);
          for (const { id: membershipId, userId, role, createdAt } of rows) {
            const email = people.get(userId)?.email ?? 'gone';
            say(`${membershipId} ${userId} ${role} ${email} ${createdAt.toISOString()}`);
          }
        }
      });
    });
}

const many = (count: number | null, what: string): string =>
  count === null ? `any number of ${what}s` : `${count} ${what}${count === 1 ? '' : 's'}`;
