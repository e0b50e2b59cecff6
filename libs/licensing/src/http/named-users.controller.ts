import { Controller, Delete, Get, Param, Put, Query } from '@nestjs/common';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, wire } from '#platform';
import { NamedUsersInput, NameUsers } from '../use-cases/name-users.js';
import { LicenseParams } from '../use-cases/read-licenses.js';

const NamedUserView = z.object({ userId: idOf('usr'), namedAt: z.date() });
const NamedUsersPage = z.object({ data: z.array(NamedUserView), nextCursor: z.string().nullable() });
const AssignedView = z.object({ assigned: z.boolean() });
const UnassignedView = z.object({ unassigned: z.boolean() });

const NamedUserParams = z.strictObject({ licenseId: idOf('lic'), userId: idOf('usr') });

const USER_EXAMPLE = { user_id: 'usr_01k9zq6mwee4rr8q3fjz6c1v2d', named_at: '2026-11-22T09:30:00.000Z' };

/** The people who may use a licence, where its terms say that only they may. */
@Controller('/api/v1/licenses/:license_id/users')
export class NamedUsersController {
  constructor(private readonly nameUsers: NameUsers) {}

  @Get()
  @Endpoint({
    summary: 'The people named on a licence',
    access: 'bearer',
    services: true,
    output: NamedUsersPage,
    example: { data: [USER_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  list(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(LicenseParams) }) { licenseId }: z.output<typeof LicenseParams>,
    @Query({ schema: wire(NamedUsersInput) }) input: z.output<typeof NamedUsersInput>,
  ): Promise<z.input<typeof NamedUsersPage>> {
    return this.nameUsers.page(actor, licenseId, input);
  }

  @Put('/:user_id')
  @Endpoint({
    summary: 'Name a person on a licence; repeatable',
    access: 'bearer',
    services: true,
    output: AssignedView,
    example: { assigned: true },
    refusals: {
      forbidden: ['MISSING_SCOPE'],
      not_found: ['NOT_FOUND'],
      conflict: ['LICENSE_ENDED', 'NAMED_USERS_EXHAUSTED'],
    },
  })
  async assign(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(NamedUserParams) }) params: z.output<typeof NamedUserParams>,
  ): Promise<z.input<typeof AssignedView>> {
    const { licenseId: license, userId } = params;
    return { assigned: await this.nameUsers.assign(actor, { license, userId }) };
  }

  @Delete('/:user_id')
  @Endpoint({
    summary: 'Take a person’s name off a licence; repeatable',
    access: 'bearer',
    services: true,
    output: UnassignedView,
    example: { unassigned: true },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async unassign(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(NamedUserParams) }) params: z.output<typeof NamedUserParams>,
  ): Promise<z.input<typeof UnassignedView>> {
    const { licenseId: license, userId } = params;
    return { unassigned: await this.nameUsers.unassign(actor, { license, userId }) };
  }
}
