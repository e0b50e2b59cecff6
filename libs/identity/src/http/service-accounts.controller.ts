import { Body, Controller, Delete, Get, Param, Patch, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, stepUp, wire } from '#platform';
import {
  ChangeServiceAccount,
  ChangeServiceAccountInput,
  ServiceAccountParams,
} from '../use-cases/change-service-account.js';
import { CreateServiceAccount, CreateServiceAccountInput } from '../use-cases/create-service-account.js';
import { ReadServiceAccounts, ServiceAccountsPage } from '../use-cases/read-service-accounts.js';
import {
  accountView,
  accountViewOf,
  DeletedView,
  SERVICE_ACCOUNT_EXAMPLE,
  ServiceAccountsView,
  ServiceAccountView,
} from './service-accounts.view.js';

type Params = z.output<typeof ServiceAccountParams>;
type View = z.input<typeof ServiceAccountView>;

/** The service accounts of the caller's organisation (S2-63). */
@Controller('/api/v1/auth/service-accounts')
export class ServiceAccountsController {
  constructor(
    private readonly read: ReadServiceAccounts,
    private readonly createAccount: CreateServiceAccount,
    private readonly changeAccount: ChangeServiceAccount,
  ) {}

  @Get()
  @Endpoint({
    summary: 'The service accounts of the organisation, the newest first',
    access: 'bearer',
    services: true,
    output: ServiceAccountsView,
    example: { data: [SERVICE_ACCOUNT_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'] },
  })
  async list(
    @CurrentActor() actor: Actor,
    @Query({ schema: wire(ServiceAccountsPage) }) input: z.output<typeof ServiceAccountsPage>,
  ): Promise<z.input<typeof ServiceAccountsView>> {
    const { data, nextCursor } = await this.read.page(actor, input);
    return { data: data.map(accountView), nextCursor };
  }

  @Post()
  @Endpoint({
    summary: 'Make a service account; its scopes can be those that the caller has',
    access: 'bearer',
    services: true,
    stepUp: stepUp('service_accounts:manage'),
    status: 201,
    output: ServiceAccountView,
    example: SERVICE_ACCOUNT_EXAMPLE,
    bodyExample: { name: 'Nightly report', scopes: ['audit:read', 'licenses:read'] },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'],
      conflict: ['SERVICE_ACCOUNTS_EXHAUSTED'],
    },
  })
  async create(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(CreateServiceAccountInput) }) input: z.output<typeof CreateServiceAccountInput>,
  ): Promise<View> {
    return accountViewOf(await this.createAccount.execute(actor, input));
  }

  @Get('/:service_account_id')
  @Endpoint({
    summary: 'One service account',
    access: 'bearer',
    services: true,
    output: ServiceAccountView,
    example: SERVICE_ACCOUNT_EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async one(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) }) { serviceAccountId }: Params,
  ): Promise<View> {
    return accountView(await this.read.one(actor, serviceAccountId));
  }

  @Patch('/:service_account_id')
  @Endpoint({
    summary: 'Change its name, its scopes or its public keys; what is taken away ends its access tokens',
    access: 'bearer',
    services: true,
    stepUp: stepUp('service_accounts:manage'),
    output: ServiceAccountView,
    example: SERVICE_ACCOUNT_EXAMPLE,
    bodyExample: { name: 'Hourly report' },
    refusals: { forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'], not_found: ['NOT_FOUND'] },
  })
  async change(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) }) { serviceAccountId }: Params,
    @Body({ schema: wire(ChangeServiceAccountInput) }) input: z.output<typeof ChangeServiceAccountInput>,
  ): Promise<View> {
    return accountViewOf(await this.changeAccount.execute(actor, serviceAccountId, input));
  }

  @Post('/:service_account_id/disable')
  @Endpoint({
    summary: 'Refuse its keys and access tokens until it is enabled, in every process within two seconds',
    access: 'bearer',
    services: true,
    output: ServiceAccountView,
    example: { ...SERVICE_ACCOUNT_EXAMPLE, status: 'disabled' },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async disable(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) }) { serviceAccountId }: Params,
  ): Promise<View> {
    return accountViewOf(await this.changeAccount.disable(actor, serviceAccountId));
  }

  @Post('/:service_account_id/enable')
  @Endpoint({
    summary: 'Let its keys work again',
    access: 'bearer',
    services: true,
    stepUp: stepUp('service_accounts:manage'),
    output: ServiceAccountView,
    example: SERVICE_ACCOUNT_EXAMPLE,
    refusals: { forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'], not_found: ['NOT_FOUND'] },
  })
  async enable(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) }) { serviceAccountId }: Params,
  ): Promise<View> {
    return accountViewOf(await this.changeAccount.enable(actor, serviceAccountId));
  }

  @Delete('/:service_account_id')
  @Endpoint({
    summary: 'Delete it with all of its keys, for good',
    access: 'bearer',
    services: true,
    output: DeletedView,
    example: { status: 'deleted' },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async delete(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) }) { serviceAccountId }: Params,
  ): Promise<z.input<typeof DeletedView>> {
    await this.changeAccount.delete(actor, serviceAccountId);
    return { status: 'deleted' };
  }
}
