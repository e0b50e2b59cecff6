import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, Clock, Db, DomainError, notFound, type Page } from '#platform';
import { Authority } from '../authority.js';
import { CustomRole } from '../domain/custom-role.js';
import { mustHaveRoom } from '../domain/headcount.js';
import { GRANTABLE, grantsOfRole, isWithin, mustBeWithin, RUNS } from '../domain/permissions.js';
import { isBuiltIn, RoleName, ROLES } from '../domain/role.js';
import { Headcounts } from '../persistence/headcount.js';
import { Memberships } from '../persistence/memberships.js';
import { Roles } from '../persistence/roles.js';

const RoleScopes = z
  .array(z.enum(GRANTABLE as [string, ...string[]]))
  .min(1)
  .transform((scopes) => [...new Set(scopes)].sort())
  .meta({ example: ['licenses:read', 'tenant:read', 'members:invite'] });

export const CreateRoleInput = z.strictObject({
  name: RoleName.refine((name) => !isBuiltIn(name), 'is the name of a built-in role'),
  scopes: RoleScopes,
});

export const RoleParams = z.strictObject({ role: RoleName });
export const ChangeRoleScopesInput = z.strictObject({ scopes: RoleScopes });

export const RolesPage = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: RoleName.optional(),
});

export interface RoleDescription {
  name: string;
  builtIn: boolean;
  /** What it stands for; what of it holds, the plan says. */
  scopes: readonly string[];
}

/** More than anybody tells apart; they are read together. */
const ROLES_MAX = 50;

const BUILT_IN: readonly RoleDescription[] = ROLES.map((name) => ({
  name,
  builtIn: true,
  scopes: grantsOfRole(name),
}));

/** The roles of an organisation: those that every one has, and its own. */
@Injectable()
export class ManageRoles {
  constructor(
    private readonly db: Db,
    private readonly authority: Authority,
    private readonly roles: Roles,
    private readonly memberships: Memberships,
    private readonly headcounts: Headcounts,
    private readonly clock: Clock,
  ) {}

  /** The built-in ones first. Throws 403 `MISSING_SCOPE`, 422 `CURSOR_INVALID`. */
  async page(actor: Actor, { limit, cursor }: z.output<typeof RolesPage>): Promise<Page<RoleDescription>> {
    actor.must('tenant:read');
    const own = (await this.roles.list(actor)).map((one) => ({ ...one, builtIn: false }));
    const all = [...BUILT_IN, ...own];
    const from = cursor === undefined ? 0 : all.findIndex(({ name }) => name === cursor) + 1;
    if (cursor !== undefined && from === 0)
      throw new DomainError('invalid', 'CURSOR_INVALID', 'The cursor is not one that a page gave.');
    const data = all.slice(from, from + limit);
    return { data, nextCursor: from + limit < all.length ? (data.at(-1)?.name ?? null) : null };
  }

  /** Throws 403 `MISSING_SCOPE` or `ROLE_ABOVE_OWN`, 409 `ROLE_EXISTS` or `ROLES_EXHAUSTED`. */
  create(actor: Actor, { name, scopes }: z.output<typeof CreateRoleInput>): Promise<RoleDescription> {
    return this.db.transaction(actor, async () => {
      const { own } = await this.authority.must(actor, 'roles:manage');
      mustBeWithin(own.grants, scopes);
      if (await this.roles.find(name))
        throw new DomainError('conflict', 'ROLE_EXISTS', 'There is a role of this name.');
      if ((await this.roles.count()) >= ROLES_MAX)
        throw new DomainError('conflict', 'ROLES_EXHAUSTED', `There can be no more than ${ROLES_MAX} roles.`);
      await this.roles.insert(
        CustomRole.create({ tenantId: actor.tenantId ?? '', name, scopes }, this.clock.now()),
      );
      return { name, builtIn: false, scopes };
    });
  }

  /**
   * Joins the caller's transaction. Gives who has the role, none when it stood for just that, and whether they may do less
   * than before in anything. Throws 403 `MISSING_SCOPE` or `ROLE_ABOVE_OWN`, 404, 409 `SEAT_LIMIT_REACHED`.
   */
  async change(
    actor: Actor,
    name: string,
    scopes: string[],
  ): Promise<{ holders: readonly string[]; isLess: boolean }> {
    const { tenant, own } = await this.authority.must(actor, 'roles:manage');
    const role = await this.changeable(name, own.grants);
    mustBeWithin(own.grants, scopes);
    const holders = await this.memberships.userIdsWith(name);
    const isSeated = scopes.includes(RUNS) && !role.scopes.includes(RUNS);
    const more = { members: 0, seated: isSeated ? holders.length : 0 };
    mustHaveRoom(tenant, await this.headcounts.members(), more);
    const isLess = !isWithin(scopes, role.scopes);
    if (!role.stand(scopes, this.clock.now())) return { holders: [], isLess };
    await this.roles.save(role);
    return { holders, isLess };
  }

  /** Throws 403 `MISSING_SCOPE` or `ROLE_ABOVE_OWN`, 404, 409 `ROLE_IN_USE`. */
  delete(actor: Actor, name: string): Promise<void> {
    return this.db.transaction(actor, async () => {
      const { own } = await this.authority.must(actor, 'roles:manage');
      const role = await this.changeable(name, own.grants);
      const now = this.clock.now();
      const count = await this.headcounts.withRole(name, now);
      if (count > 0)
        throw new DomainError('conflict', 'ROLE_IN_USE', 'Members or invitations have this role.', {
          details: { count },
        });
      role.delete(now);
      await this.roles.delete(role);
    });
  }

  /** The built-in roles are nobody's to change: 404, like one that is not there. */
  private async changeable(name: string, own: readonly string[]): Promise<CustomRole> {
    const role = await this.roles.find(name);
    if (!role) throw notFound('role');
    mustBeWithin(own, role.scopes);
    return role;
  }
}
