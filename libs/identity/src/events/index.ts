import { z } from 'zod';
import { defineEvent, idOf } from '#platform';

const ofUser = (name: string) => defineEvent(name, 1, z.strictObject({ userId: idOf('usr') }));

export const UserRegistered = defineEvent(
  'identity.user.registered',
  1,
  z.strictObject({ userId: idOf('usr'), provider: z.string() }),
);

export const SessionStarted = defineEvent(
  'identity.session.started',
  1,
  z.strictObject({ sessionId: idOf('ses'), userId: idOf('usr'), provider: z.string() }),
);

export const SessionRefreshed = defineEvent(
  'identity.session.refreshed',
  1,
  z.strictObject({ sessionId: idOf('ses'), userId: idOf('usr') }),
);

export const SESSION_ENDS = [
  'logout',
  'logout_all',
  'refresh_reuse',
  'password_changed',
  'password_reset',
  'address_lost',
  'account_deleted',
  'second_factor_enabled',
  'identity_unlinked',
  'user_suspended',
  /** Its tenant has come to ask for a second factor, and it never showed one. */
  'second_factor_required',
  /** Its owner is no member of its tenant any more. */
  'membership_ended',
  /** The authorization code that it was made with was brought a second time (RFC 6749, 4.1.2). */
  'code_replayed',
  /** Its person has begun so many others in its tenant since. */
  'too_many',
] as const;

export const SessionEnded = defineEvent(
  'identity.session.ended',
  1,
  z.strictObject({ sessionId: idOf('ses'), userId: idOf('usr'), reason: z.enum(SESSION_ENDS) }),
);

/**
 * What a person's sessions were made with holds no more: those that had begun by `until` end, but for `except`; with
 * `provider`, only those that were begun with it. Whoever says so ends them at once; the worker does, in any case.
 */
export const SessionsOutdated = defineEvent(
  'identity.sessions.outdated',
  1,
  z.strictObject({
    userId: idOf('usr'),
    reason: z.enum(SESSION_ENDS),
    /** By the clock of the database, to the microsecond. */
    until: z.iso.datetime({ offset: true }),
    except: idOf('ses').nullable(),
    provider: z.string().nullable(),
    /** Where, when they are a member nowhere any more; left out: wherever they are. */
    tenantIds: z.array(idOf('ten')).optional(),
    /** Only what comes of this sign-in, whenever it began. */
    root: idOf('ses').nullable().default(null),
  }),
);

/** A person lets a program act for them, by this session of theirs; what it is made of is a session of its own. */
export const ProgramAuthorized = defineEvent(
  'identity.program.authorized',
  1,
  z.strictObject({
    userId: idOf('usr'),
    sessionId: idOf('ses'),
    clientId: z.string(),
    deviceName: z.string().nullable(),
    how: z.enum(['code', 'device']),
  }),
);

/** Somebody has signed in from what they never signed in from before. */
export const DeviceDiscovered = defineEvent(
  'identity.device.discovered',
  1,
  z.strictObject({ userId: idOf('usr'), sessionId: idOf('ses') }),
);

/** The address of an account has been proved for the first time. */
export const EmailVerified = ofUser('identity.email.verified');

/** Which of it; what it says now is theirs. */
export const ProfileChanged = defineEvent(
  'identity.profile.changed',
  1,
  z.strictObject({ userId: idOf('usr'), fields: z.array(z.string()) }),
);

export const EmailChanged = ofUser('identity.email.changed');

export const PasswordChanged = defineEvent(
  'identity.password.changed',
  1,
  z.strictObject({ userId: idOf('usr'), how: z.enum(['change', 'reset']) }),
);

export const PasswordResetAsked = ofUser('identity.password.reset_asked');

/**
 * Somebody else has proved the address (by its keyed hash) that this account only claims. In the tenant of who did, whose
 * trail does not tell it. What follows from it is {@link UserDisplaced}.
 */
export const AddressLost = defineEvent(
  'identity.address.lost',
  1,
  z.strictObject({ userId: idOf('usr'), addressHash: z.string() }),
);

/** Somebody else has proved the address that this account only claimed: its password and sessions have ended. */
export const UserDisplaced = ofUser('identity.user.displaced');

/** An operator keeps the person out, everywhere. */
export const UserSuspended = ofUser('identity.user.suspended');

export const UserReactivated = ofUser('identity.user.reactivated');

export const UserDeleted = ofUser('identity.user.deleted');

/** A person can sign in with an identity of a provider from now on; `how`: signed in themselves, or by a mail's token. */
export const IdentityLinked = defineEvent(
  'identity.identity.linked',
  1,
  z.strictObject({
    userId: idOf('usr'),
    identityId: idOf('idn'),
    provider: z.string(),
    how: z.enum(['signed_in', 'mail']),
  }),
);

export const IdentityUnlinked = defineEvent(
  'identity.identity.unlinked',
  1,
  z.strictObject({ userId: idOf('usr'), identityId: idOf('idn'), provider: z.string() }),
);

/** An identity is to be linked once the mail with this token was answered. */
export const LinkAsked = defineEvent(
  'identity.link.asked',
  1,
  z.strictObject({ userId: idOf('usr'), provider: z.string(), tokenId: idOf('mtk') }),
);

/** What the upstream issuer's tokens say of a person may not hold any more. */
export const ClaimsOutdated = ofUser('identity.claims.outdated');

/** An account of the upstream issuer belongs to nobody here any more, as far as this person goes. */
export const UpstreamAccountReleased = defineEvent(
  'identity.upstream_account.released',
  1,
  z.strictObject({ issuer: z.string(), account: z.string() }),
);

export const SecondFactorEnabled = ofUser('identity.second_factor.enabled');

export const SecondFactorDisabled = ofUser('identity.second_factor.disabled');

export const BackupCodesMade = ofUser('identity.backup_codes.made');

const ACCOUNT_MAILS = [
  'verify_email',
  'reset_password',
  'change_email_old',
  'change_email_new',
  'password_changed',
] as const;

/** A mail is to be written; what is secret in it the worker derives from the id of its token. */
export const MailAsked = defineEvent(
  'identity.mail.asked',
  1,
  z.strictObject({ userId: idOf('usr'), kind: z.enum(ACCOUNT_MAILS), tokenId: idOf('mtk').nullable() }),
);

/**
 * Somebody forgot the password of an address, by its keyed hash. In nobody's tenant: whose address it is, if
 * anybody's, the worker finds out, so that the answer cannot tell.
 */
export const ResetAsked = defineEvent('identity.reset.asked', 1, z.strictObject({ addressHash: z.string() }));

const Scopes = z.array(z.string());

export const ServiceAccountCreated = defineEvent(
  'identity.service_account.created',
  1,
  z.strictObject({ serviceAccountId: idOf('svc'), name: z.string(), scopes: Scopes }),
);

/** What is named is what it is from now on. */
export const ServiceAccountChanged = defineEvent(
  'identity.service_account.changed',
  1,
  z.strictObject({
    serviceAccountId: idOf('svc'),
    name: z.string().optional(),
    scopes: Scopes.optional(),
    /** The names of its public keys. */
    kids: z.array(z.string()).optional(),
  }),
);

const ofServiceAccount = (name: string) =>
  defineEvent(name, 1, z.strictObject({ serviceAccountId: idOf('svc') }));

export const ServiceAccountDisabled = ofServiceAccount('identity.service_account.disabled');
export const ServiceAccountEnabled = ofServiceAccount('identity.service_account.enabled');
export const ServiceAccountDeleted = ofServiceAccount('identity.service_account.deleted');

export const ApiKeyCreated = defineEvent(
  'identity.api_key.created',
  1,
  z.strictObject({
    keyId: idOf('key'),
    serviceAccountId: idOf('svc'),
    scopes: Scopes,
    expiresAt: z.iso.datetime().nullable(),
  }),
);

/** Another key takes its place; it works on until `endsAt`. */
export const ApiKeyRotated = defineEvent(
  'identity.api_key.rotated',
  1,
  z.strictObject({
    keyId: idOf('key'),
    serviceAccountId: idOf('svc'),
    replacedBy: idOf('key'),
    endsAt: z.iso.datetime(),
  }),
);

export const ApiKeyRevoked = defineEvent(
  'identity.api_key.revoked',
  1,
  z.strictObject({ keyId: idOf('key'), serviceAccountId: idOf('svc') }),
);

/** A service account got an access token; how its credential is called: `method`, and which one: `credential`. */
export const ServiceTokenIssued = defineEvent(
  'identity.service_token.issued',
  1,
  z.strictObject({
    serviceAccountId: idOf('svc'),
    method: z.enum(['client_secret', 'private_key_jwt']),
    credential: z.string(),
    scopes: Scopes,
  }),
);
