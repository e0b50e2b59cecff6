import { Body, Controller, Delete, Get, Param, Post, Res } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { type Actor, CurrentActor, Endpoint, idOf, type Refusals, wire } from '#platform';
import type { LinkedIdentity } from '../persistence/identities.js';
import { ConfirmLink, ConfirmLinkInput } from '../use-cases/confirm-link.js';
import { LinkIdentity, LinkIdentityInput, type Linked } from '../use-cases/link-identity.js';
import { ListIdentities } from '../use-cases/list-identities.js';
import { IdentityParams, UnlinkIdentity, UnlinkIdentityInput } from '../use-cases/unlink-identity.js';

const IdentityView = z.object({
  id: idOf('idn'),
  provider: z.string(),
  email: z.string(),
  emailVerified: z.boolean(),
  createdAt: z.date(),
  lastUsedAt: z.date().nullable(),
});
const IdentitiesView = z.object({
  data: z.array(IdentityView),
  nextCursor: z.string().nullable(),
  passwordSet: z.boolean().describe('Whether the caller can sign in by address and password, too.'),
});
const LinkedView = z.object({
  status: z.enum(['linked', 'already_linked', 'confirmation_sent']),
  identity: IdentityView.nullable(),
});
const ConfirmedView = z.object({ status: z.literal('linked'), provider: z.string() });
const UnlinkedView = z.object({
  status: z.literal('unlinked'),
  revoked: z.int().describe('How many other sessions ended that had been begun with that provider.'),
});

const EXAMPLE = {
  id: 'idn_01k9zq6mwee4rr8q3fjz6c1v2d',
  provider: 'github.com',
  email: 'ada@example.com',
  email_verified: true,
  created_at: '2026-11-22T10:15:30.000Z',
  last_used_at: null,
};
const REAUTHENTICATED: Refusals = {
  forbidden: ['REAUTHENTICATION_REQUIRED'],
  too_many: ['SIGN_IN_LOCKED'],
  unavailable: ['BUSY'],
};
/** Status of an answer that linked nothing new. */
const STATUS: Record<Linked['status'], number> = { linked: 201, already_linked: 200, confirmation_sent: 202 };

/** The providers that the caller signs in by. */
@Controller('/api/v1/auth/identities')
export class IdentitiesController {
  constructor(
    private readonly listIdentities: ListIdentities,
    private readonly linkIdentity: LinkIdentity,
    private readonly confirmLink: ConfirmLink,
    private readonly unlinkIdentity: UnlinkIdentity,
  ) {}

  @Get()
  @Endpoint({
    summary: 'How the caller can sign in, the oldest way first',
    access: 'bearer',
    output: IdentitiesView,
    example: { data: [EXAMPLE], next_cursor: null, password_set: true },
  })
  async list(@CurrentActor() actor: Actor): Promise<z.input<typeof IdentitiesView>> {
    const { identities, passwordSet } = await this.listIdentities.execute(actor);
    return { data: identities.map(identityView), nextCursor: null, passwordSet };
  }

  @Post()
  @Endpoint({
    summary:
      'Link another provider by its ID token; who has a password gives it, others have signed in just now',
    access: 'bearer',
    status: 201,
    output: LinkedView,
    example: { status: 'linked', identity: EXAMPLE },
    answers: {
      200: {
        description: 'It was linked to the caller already',
        output: LinkedView,
        example: { status: 'already_linked', identity: EXAMPLE },
      },
      202: {
        description: 'Its issuer does not vouch for its address: a mail went there, and links it',
        output: LinkedView,
        example: { status: 'confirmation_sent', identity: null },
      },
    },
    refusals: {
      forbidden: ['REAUTHENTICATION_REQUIRED', 'EMAIL_NOT_VERIFIED', 'EMAIL_REQUIRED'],
      conflict: ['IDENTITY_TAKEN', 'IDENTITIES_EXHAUSTED'],
      invalid: ['ID_TOKEN_INVALID'],
      too_many: ['RATE_LIMITED', 'SIGN_IN_LOCKED'],
      unavailable: ['UPSTREAM_UNAVAILABLE', 'BUSY'],
    },
  })
  async link(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(LinkIdentityInput) }) input: z.output<typeof LinkIdentityInput>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.input<typeof LinkedView>> {
    const { status, identity } = await this.linkIdentity.execute(actor, input);
    void reply.status(STATUS[status]);
    return { status, identity: identity && identityView(identity) };
  }

  @Post('/confirm')
  @Endpoint({
    summary: 'Link an identity with the token of the mail about it; signs nobody in',
    access: 'public',
    output: ConfirmedView,
    example: { status: 'linked', provider: 'github.com' },
    refusals: { invalid: ['TOKEN_INVALID'], conflict: ['IDENTITY_TAKEN', 'IDENTITIES_EXHAUSTED'] },
  })
  confirm(
    @CurrentActor() actor: Actor,
    @Body({ schema: wire(ConfirmLinkInput) }) input: z.output<typeof ConfirmLinkInput>,
  ): Promise<z.input<typeof ConfirmedView>> {
    return this.confirmLink.execute(actor, input);
  }

  @Delete('/:identity_id')
  @Endpoint({
    summary: 'Unlink a provider, never the last way in; other sessions that were begun with it end',
    access: 'bearer',
    output: UnlinkedView,
    bodyExample: {},
    example: { status: 'unlinked', revoked: 1 },
    refusals: { ...REAUTHENTICATED, not_found: ['NOT_FOUND'], conflict: ['LAST_SIGN_IN_METHOD'] },
  })
  unlink(
    @CurrentActor() actor: Actor,
    @Param({ schema: wire(IdentityParams) }) { identityId }: z.output<typeof IdentityParams>,
    @Body({ schema: wire(UnlinkIdentityInput.optional()) }) input: z.output<typeof UnlinkIdentityInput> = {},
  ): Promise<z.input<typeof UnlinkedView>> {
    return this.unlinkIdentity.execute(actor, identityId, input);
  }
}

/** What a person sees of it: how the issuer names them is nobody's business. */
function identityView(one: LinkedIdentity): z.input<typeof IdentityView> {
  const { id, provider, email, emailVerified, createdAt, lastUsedAt } = one;
  return { id, provider, email, emailVerified, createdAt, lastUsedAt };
}
