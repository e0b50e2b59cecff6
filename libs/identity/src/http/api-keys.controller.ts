import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import type { z } from 'zod';
import { type Actor, Clock, CurrentActor, Endpoint, stepUp, wire } from '#platform';
import { SignedIssueRequest } from '../issuing/issue-request.js';
import { ServiceAccountParams } from '../use-cases/change-service-account.js';
import { IssueServiceAccount } from '../use-cases/issue-service-account.js';
import {
  ApiKeyParams,
  CreateApiKeyInput,
  ManageApiKeys,
  RotateApiKeyInput,
} from '../use-cases/manage-api-keys.js';
import { ApiKeysPage, ReadServiceAccounts } from '../use-cases/read-service-accounts.js';
import {
  accountViewOf,
  API_KEY_EXAMPLE,
  ApiKeysView,
  IssuedView,
  KeyRevokedView,
  keyViewOf,
  NEW_API_KEY_EXAMPLE,
  NewApiKeyView,
  RotatedApiKeyView,
  SERVICE_ACCOUNT_EXAMPLE,
} from './service-accounts.view.js';

/** API keys, and the one way to a service account that needs no person. */
@Controller('/api/v1/auth/service-accounts')
export class ApiKeysController {
  constructor(
    private readonly read: ReadServiceAccounts,
    private readonly keys: ManageApiKeys,
    private readonly issueAccount: IssueServiceAccount,
    private readonly clock: Clock,
  ) {}

  @Post('/issue')
  @Endpoint({
    summary:
      'Make a service account and its first key by a signature of the operators’ Vault, which is used up',
    access: 'public',
    status: 201,
    output: IssuedView,
    example: { service_account: SERVICE_ACCOUNT_EXAMPLE, api_key: NEW_API_KEY_EXAMPLE },
    refusals: {
      unauthenticated: ['UNAUTHENTICATED'],
      forbidden: ['ISSUING_NOT_CONFIGURED', 'TENANT_SUSPENDED', 'MISSING_SCOPE'],
      not_found: ['NOT_FOUND'],
      conflict: ['SERVICE_ACCOUNTS_EXHAUSTED'],
      invalid: ['EXPIRY_PASSED'],
    },
  })
  async issue(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(SignedIssueRequest) }) input: z.output<typeof SignedIssueRequest>,
  ): Promise<z.input<typeof IssuedView>> {
    const { account, key, text } = await this.issueAccount.execute(actor, input);
    return {
      serviceAccount: accountViewOf(account),
      apiKey: { ...keyViewOf(key, this.clock.now()), key: text },
    };
  }

  @Get('/:service_account_id/keys')
  @Endpoint({
    summary: 'Its API keys, the newest first, without the keys themselves',
    access: 'bearer',
    services: true,
    output: ApiKeysView,
    example: { data: [API_KEY_EXAMPLE], next_cursor: null },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  list(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) })
    { serviceAccountId }: z.output<typeof ServiceAccountParams>,
    @Query({ schema: wire(ApiKeysPage) }) input: z.output<typeof ApiKeysPage>,
  ): Promise<z.input<typeof ApiKeysView>> {
    return this.read.keys(actor, serviceAccountId, input);
  }

  @Post('/:service_account_id/keys')
  @Endpoint({
    summary: 'Make an API key; it is shown this once',
    access: 'bearer',
    services: true,
    stepUp: stepUp('service_accounts:manage'),
    status: 201,
    output: NewApiKeyView,
    example: NEW_API_KEY_EXAMPLE,
    bodyExample: { name: 'Server 1', scopes: ['licenses:read'] },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'],
      not_found: ['NOT_FOUND'],
      conflict: ['API_KEYS_EXHAUSTED'],
      invalid: ['SCOPE_NOT_GRANTED', 'EXPIRY_PASSED'],
    },
  })
  async create(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ServiceAccountParams) })
    { serviceAccountId }: z.output<typeof ServiceAccountParams>,
    @Body({ schema: wire(CreateApiKeyInput) }) input: z.output<typeof CreateApiKeyInput>,
  ): Promise<z.input<typeof NewApiKeyView>> {
    const { key, text } = await this.keys.create(actor, serviceAccountId, input);
    return { ...keyViewOf(key, this.clock.now()), key: text };
  }

  @Post('/:service_account_id/keys/:key_id/rotate')
  @Endpoint({
    summary: 'Make a key in the place of another, which works on for the time of the overlap',
    access: 'bearer',
    services: true,
    stepUp: stepUp('service_accounts:manage'),
    status: 201,
    output: RotatedApiKeyView,
    example: {
      ...NEW_API_KEY_EXAMPLE,
      replaces: {
        ...API_KEY_EXAMPLE,
        replaced_by: API_KEY_EXAMPLE.id,
        expires_at: '2026-11-23T10:15:30.000Z',
      },
    },
    bodyExample: { overlap_seconds: 86_400 },
    refusals: {
      forbidden: ['MISSING_SCOPE', 'EMAIL_NOT_VERIFIED'],
      not_found: ['NOT_FOUND'],
      conflict: ['API_KEY_ENDED', 'API_KEYS_EXHAUSTED'],
      invalid: ['EXPIRY_PASSED'],
    },
  })
  async rotate(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ApiKeyParams) }) params: z.output<typeof ApiKeyParams>,
    @Body({ schema: wire(RotateApiKeyInput) }) input: z.output<typeof RotateApiKeyInput>,
  ): Promise<z.input<typeof RotatedApiKeyView>> {
    const { key, text, old } = await this.keys.rotate(actor, params, input);
    const now = this.clock.now();
    return { ...keyViewOf(key, now), key: text, replaces: keyViewOf(old, now) };
  }

  @Delete('/:service_account_id/keys/:key_id')
  @Endpoint({
    summary:
      'Revoke a key; every process refuses it within two seconds, and the access tokens of its account',
    access: 'bearer',
    services: true,
    output: KeyRevokedView,
    example: { status: 'revoked' },
    refusals: { forbidden: ['MISSING_SCOPE'], not_found: ['NOT_FOUND'] },
  })
  async revoke(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(ApiKeyParams) }) params: z.output<typeof ApiKeyParams>,
  ): Promise<z.input<typeof KeyRevokedView>> {
    await this.keys.revoke(actor, params);
    return { status: 'revoked' };
  }
}
