import { Injectable } from '@nestjs/common';
import { type Actor, Clock, Db, DomainError } from '#platform';
import { AddressHash } from '../accounts/address.js';
import { policyOf } from '../domain/session-policy.js';
import { Identities } from '../persistence/identities.js';
import { LoginEvents } from '../persistence/login-events.js';
import { asAuthenticated, UpstreamIdentity, type UpstreamPerson } from '../upstream/upstream-identity.js';
import { IssueTokens, type Profile, type Tokens } from './issue-tokens.js';
import { OfferLink } from './offer-link.js';
import { ProveAddress } from './prove-address.js';
import { StartSession } from './start-session.js';

/** What an attempt is called whose token did not say, or not for sure. */
const UPSTREAM = 'upstream';

/** Signs in somebody who has an account. */
@Injectable()
export class SignIn {
  constructor(
    private readonly db: Db,
    private readonly upstream: UpstreamIdentity,
    private readonly identities: Identities,
    private readonly issueTokens: IssueTokens,
    private readonly startSession: StartSession,
    private readonly proveAddress: ProveAddress,
    private readonly offerLink: OfferLink,
    private readonly addressHash: AddressHash,
    private readonly loginEvents: LoginEvents,
    private readonly clock: Clock,
  ) {}

  /**
   * By an upstream ID token. Throws the one 401, 403 `NOT_REGISTERED`, `NO_ORGANIZATION` or `EMAIL_REQUIRED`, 404 for a tenant
   * that they are not in, 409 `ACCOUNT_LINK_REQUIRED`, 503, and what StartSession throws.
   */
  async execute(actor: Actor, idToken: string, tenantId?: string): Promise<Profile & { tokens: Tokens }> {
    const person = await this.vouched(actor, idToken);
    return (await this.known(actor, person, tenantId)) ?? this.refuse(actor, person);
  }

  /** Who an ID token is of; an attempt that the issuer refuses is recorded. Throws like UpstreamIdentity.verify. */
  async vouched(actor: Actor, idToken: string): Promise<UpstreamPerson> {
    return this.upstream.verify(idToken).catch(async (error: unknown) => {
      const isRefused = error instanceof DomainError && error.kind !== 'unavailable';
      if (isRefused) await this.loginEvents.record(actor, { method: UPSTREAM, outcome: 'refused' });
      throw error;
    });
  }

  /** The same for a person whose token has been verified; null when they have no account yet. */
  async known(
    actor: Actor,
    person: UpstreamPerson,
    tenantId?: string,
  ): Promise<(Profile & { tokens: Tokens }) | null> {
    const userId = (await this.identities.ownerOf(actor, person)) ?? (await this.brought(actor, person));
    if (!userId) return null;

    const anywhere = actor.as({ type: 'user', id: userId, tenantId: null });
    const before = await this.issueTokens
      .profileToSignIn(anywhere, tenantId)
      .catch(async (error: unknown) => {
        if (!(error instanceof DomainError)) throw error;
        await this.loginEvents.record(anywhere, { ...this.attemptOf(person), userId, outcome: 'refused' });
        throw error;
      });
    const addressHash = this.addressHash.of(person.email);
    const how = { ...asAuthenticated(person, this.clock.now()), addressHash };
    if (!before) return this.startSession.withoutTenant(anywhere, how);
    const here = anywhere.as({ tenantId: before.tenant.id });
    await this.db.transaction(here, () => this.identities.used(person));
    const profile = await this.noteVerified(here, before, person);
    const { session, refreshToken } = await this.startSession.execute(here, how, policyOf(profile.tenant));
    return { ...profile, tokens: await this.issueTokens.tokens(profile, session, refreshToken) };
  }

  /** What somebody without an account is told. Throws 409 `ACCOUNT_LINK_REQUIRED` or 403 `NOT_REGISTERED`. */
  async refuse(actor: Actor, person: UpstreamPerson): Promise<never> {
    await this.loginEvents.record(actor, { ...this.attemptOf(person), outcome: 'refused' });
    await this.offerLink.execute(actor, person);
    throw new DomainError(
      'forbidden',
      'NOT_REGISTERED',
      'There is no account for this identity; register first.',
    );
  }

  /**
   * Whoever was brought here by the issuer's name of their account, from elsewhere or from before providers were told
   * apart, keeps it: the first identity that comes by that account is theirs. Only the first: see
   * docs/decisions/social-sign-in.md on accounts that change hands at the issuer.
   */
  private async brought(actor: Actor, person: UpstreamPerson): Promise<string | null> {
    const userId = await this.identities.holderOf(actor, person);
    if (!userId) return null;
    const holder = actor.as({ type: 'user', id: userId, tenantId: null });
    const known = await this.identities.list(holder);
    if (known.some((one) => one.issuer === person.issuer && one.account === person.account))
      // Perhaps by whoever came at the same time.
      return this.identities.ownerOf(actor, person);
    await this.db.transaction(holder, () => this.identities.link(person, null));
    // Whoever came at the same time may have been faster.
    return this.identities.ownerOf(actor, person);
  }

  private attemptOf(person: UpstreamPerson) {
    return { method: person.provider, addressHash: this.addressHash.of(person.email) };
  }

  /** Whoever proves their address after they registered is not asked again, and whoever only claimed it loses it. */
  private async noteVerified(actor: Actor, profile: Profile, person: UpstreamPerson): Promise<Profile> {
    const { user } = profile;
    if (!person.emailVerified || person.email !== user.email) return profile;
    await this.proveAddress.byIssuer(actor, user.email, user.emailVerified);
    return { ...profile, user: { ...user, emailVerified: true } };
  }
}
