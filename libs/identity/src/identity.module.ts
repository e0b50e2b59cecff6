import { Module } from '@nestjs/common';
import { SealedBox } from '#platform';
import { LicensingModule } from '#licensing';
import { TenancyModule } from '#tenancy';
import { ApiKey } from './domain/api-key.js';
import { ServiceAccount } from './domain/service-account.js';
import { User } from './domain/user.js';
import { AccessTokenStrategy } from './http/access-token.strategy.js';
import { AccountsController } from './http/accounts.controller.js';
import { ApiKeysController } from './http/api-keys.controller.js';
import { AuthController } from './http/auth.controller.js';
import { AuthorizationController } from './http/authorization.controller.js';
import { IdentitiesController } from './http/identities.controller.js';
import { JwksController } from './http/jwks.controller.js';
import { LoginEventsController } from './http/login-events.controller.js';
import { MfaController } from './http/mfa.controller.js';
import { OauthController } from './http/oauth.controller.js';
import { PageSessions } from './http/page-sessions.js';
import { PasswordsController } from './http/passwords.controller.js';
import { ServiceAccountsController } from './http/service-accounts.controller.js';
import { ReauthenticationController } from './http/reauthentication.controller.js';
import { SessionCookies } from './http/session-cookies.js';
import { SessionsController } from './http/sessions.controller.js';
import { TokenController } from './http/token.controller.js';
import { FileKeys } from './keys/file-keys.js';
import { Jwks } from './keys/jwks.js';
import { KeyMaker } from './keys/key-maker.js';
import { KeyStore } from './keys/key-store.js';
import { KeyUpkeep } from './keys/key-upkeep.js';
import { Keyring } from './keys/keyring.js';
import { KeysConfig } from './keys/keys.config.js';
import { VaultKeys } from './keys/vault-keys.js';
import { AuthSessions } from './persistence/auth-sessions.js';
import { Identities } from './persistence/identities.js';
import { ServiceChanges } from './persistence/service-changes.js';
import { PendingIdentities } from './persistence/pending-identities.js';
import { SessionEnds } from './persistence/session-ends.js';
import { TokenEpochChanges } from './persistence/token-epoch-changes.js';
import { TokenEpochs } from './persistence/token-epochs.js';
import { SigningKeys } from './persistence/signing-keys.js';
import { ACCOUNTS } from './accounts.providers.js';
import { PROGRAMS } from './programs.providers.js';
import { SERVICE_ACCOUNTS } from './service-accounts.providers.js';
import { Users } from './persistence/users.js';
import { ApiKeys } from './service-accounts/api-keys.js';
import { ServiceActivity } from './service-accounts/service-activity.js';
import { ServiceWatch } from './service-accounts/service-watch.js';
import { EndedSessions } from './sessions/ended-sessions.js';
import { PLACES } from './sessions/open-places.js';
import { SessionActivity } from './sessions/session-activity.js';
import { SessionNews } from './sessions/session-news.js';
import { SessionProof } from './sessions/session-proof.js';
import { SessionWatch } from './sessions/session-watch.js';
import { AccessTokens } from './tokens/access-tokens.js';
import { MemberEpochs } from './tokens/epochs.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { FirebaseApp } from './upstream/firebase-app.js';
import { FirebaseIdentity } from './upstream/firebase-identity.js';
import { FirebaseProviders } from './upstream/firebase-providers.js';
import { ProviderSignIn } from './upstream/provider-sign-in.js';
import { ProviderVisits } from './upstream/provider-visits.js';
import { UpstreamIdentity } from './upstream/upstream-identity.js';
import { ChangeServiceAccount } from './use-cases/change-service-account.js';
import { CreateServiceAccount } from './use-cases/create-service-account.js';
import { IssueServiceAccount } from './use-cases/issue-service-account.js';
import { ManageApiKeys } from './use-cases/manage-api-keys.js';
import { ReadServiceAccounts } from './use-cases/read-service-accounts.js';
import { AnswerChallenge } from './use-cases/answer-challenge.js';
import { FinishSignIn } from './use-cases/finish-sign-in.js';
import { AuthorizeDevice } from './use-cases/authorize-device.js';
import { AuthorizeProgram } from './use-cases/authorize-program.js';
import { ChangeUserStatus } from './use-cases/change-user-status.js';
import { ConfirmLink } from './use-cases/confirm-link.js';
import { DeleteAccount } from './use-cases/delete-account.js';
import { DisplaceClaimants } from './use-cases/displace-claimants.js';
import { AddressHash } from './accounts/address.js';
import { Budgets, MailBudget } from './accounts/budgets.js';
import { FindAddressOwner } from './use-cases/find-address-owner.js';
import { ProveAddress } from './use-cases/prove-address.js';
import { FindUser } from './use-cases/find-user.js';
import { LinkIdentity } from './use-cases/link-identity.js';
import { ListIdentities } from './use-cases/list-identities.js';
import { ImportUser } from './use-cases/import-user.js';
import { OfferLink } from './use-cases/offer-link.js';
import { OutdateTokens } from './use-cases/outdate-tokens.js';
import { PutOutMember } from './use-cases/put-out-member.js';
import { ReadPeople } from './use-cases/read-people.js';
import { RegisterPasswordUser } from './use-cases/register-password-user.js';
import { RegisterUpstreamUser } from './use-cases/register-upstream-user.js';
import { SignInWithPassword } from './use-cases/sign-in-with-password.js';
import { UnlinkIdentity } from './use-cases/unlink-identity.js';
import { EndSessions } from './use-cases/end-sessions.js';
import { VisitProvider } from './use-cases/visit-provider.js';
import { VerifyEmail } from './use-cases/verify-email.js';
import { ForgotPassword } from './use-cases/forgot-password.js';
import { ResetPassword } from './use-cases/reset-password.js';
import { AskVerification } from './use-cases/ask-verification.js';
import { IssueTokens } from './use-cases/issue-tokens.js';
import { ListLoginEvents } from './use-cases/list-login-events.js';
import { ListSessions } from './use-cases/list-sessions.js';
import { InheritSession } from './use-cases/inherit-session.js';
import { KeepSession } from './use-cases/keep-session.js';
import { RefreshSession } from './use-cases/refresh-session.js';
import { RegisterUser } from './use-cases/register-user.js';
import { RequireStepUp } from './use-cases/require-step-up.js';
import { RevokeToken } from './use-cases/revoke-token.js';
import { RotateKeys } from './use-cases/rotate-keys.js';
import { SignIn } from './use-cases/sign-in.js';
import { StartSession } from './use-cases/start-session.js';
import { SwitchTenant } from './use-cases/switch-tenant.js';

/** Signing in by a provider, and which providers a person signs in by. */
const SOCIAL = [
  FirebaseApp,
  { provide: UpstreamIdentity, useClass: FirebaseIdentity },
  { provide: ProviderSignIn, useClass: FirebaseProviders },
  ProviderVisits,
  VisitProvider,
  Identities,
  PendingIdentities,
  RegisterUpstreamUser,
  OfferLink,
  LinkIdentity,
  ConfirmLink,
  ListIdentities,
  UnlinkIdentity,
];

export const IDENTITY_ENTITIES = [User, ServiceAccount, ApiKey];

/** The store of new signing keys; null where AUTH_SIGNING_KEY is the only key. */
function openKeyStore(config: KeysConfig, box: SealedBox): KeyStore | null {
  if (config.directory) return new FileKeys(config.directory, box);
  if (!config.vaultAddress) return null;
  const { vaultAddress: address, vaultToken: token, vaultNamespace: namespace } = config;
  return new VaultKeys({ address, token, namespace, mount: config.vaultMount, prefix: config.vaultPrefix });
}

@Module({
  imports: [TenancyModule, LicensingModule],
  controllers: [
    TokenController,
    ServiceAccountsController,
    ApiKeysController,
    AuthController,
    AccountsController,
    PasswordsController,
    MfaController,
    IdentitiesController,
    ReauthenticationController,
    SessionsController,
    LoginEventsController,
    AuthorizationController,
    OauthController,
    JwksController,
  ],
  providers: [
    Users,
    AuthSessions,
    TokenEpochs,
    MemberEpochs,
    ...ACCOUNTS,
    ...SERVICE_ACCOUNTS,
    ...SOCIAL,
    ...PROGRAMS,
    AccessTokens,
    RefreshTokens,
    SigningKeys,
    { provide: KeyStore, useFactory: openKeyStore, inject: [KeysConfig, SealedBox] },
    KeyMaker,
    Keyring,
    Jwks,
    RotateKeys,
    AccessTokenStrategy,
    IssueTokens,
    SessionProof,
    InheritSession,
    StartSession,
    KeepSession,
    SignIn,
    SwitchTenant,
    SessionCookies,
    PageSessions,
    RegisterUser,
    RefreshSession,
    EndSessions,
    ListSessions,
    RevokeToken,
    OutdateTokens,
    PutOutMember,
    ReadPeople,
    EndedSessions,
    SessionActivity,
    SessionNews,
    PLACES,
    ListLoginEvents,
  ],
  exports: [
    IssueTokens,
    StartSession,
    SignIn,
    SignInWithPassword,
    AnswerChallenge,
    FinishSignIn,
    VerifyEmail,
    ConfirmLink,
    ForgotPassword,
    ResetPassword,
    AskVerification,
    EndSessions,
    VisitProvider,
    RequireStepUp,
    RegisterPasswordUser,
    RegisterUpstreamUser,
    DeleteAccount,
    DisplaceClaimants,
    OfferLink,
    Keyring,
    KeyMaker,
    SessionNews,
    SessionActivity,
    ApiKeys,
    ServiceActivity,
    CreateServiceAccount,
    ChangeServiceAccount,
    ReadServiceAccounts,
    ManageApiKeys,
    IssueServiceAccount,
    ChangeUserStatus,
    ListLoginEvents,
    FindUser,
    FindAddressOwner,
    ProveAddress,
    AddressHash,
    Budgets,
    MailBudget,
    ImportUser,
    OutdateTokens,
    PutOutMember,
    ReadPeople,
    SwitchTenant,
    SessionCookies,
    PageSessions,
    AuthorizeProgram,
    AuthorizeDevice,
    RefreshSession,
  ],
})
export class IdentityModule {}

/** What a process that serves keeps up to date by itself; commands do without. */
@Module({
  imports: [IdentityModule],
  providers: [KeyUpkeep, SessionEnds, TokenEpochChanges, SessionWatch, ServiceChanges, ServiceWatch],
})
export class IdentityWatchModule {}
