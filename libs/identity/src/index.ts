export { AccountsConfig, MailTokensConfig } from './accounts/accounts.config.js';
export { AccountUpkeepConfig } from './accounts/upkeep.config.js';
export { AddressHash, EmailAddress, PasswordText } from './accounts/address.js';
export { addressKeyOf, Budgets, MailBudget, tooMany } from './accounts/budgets.js';
export { policyOf } from './domain/session-policy.js';
export { STEP_UP_OR_SHOW } from './domain/step-up.js';
export { askingBrowser } from './http/asking-browser.js';
export { BearerGuard } from './http/bearer.guard.js';
export { TenantView, TokensView, UserView } from './http/auth.view.js';
export { type PageSession, PageSessions } from './http/page-sessions.js';
export { orInCookies, SessionCookies } from './http/session-cookies.js';
export { OptionalUpstreamToken } from './http/upstream-token.js';
export { ClaimsConfig, FirebaseConfig, IdentityConfig } from './identity.config.js';
export { IdentityContactModule, IdentityWorkerModule } from './identity-worker.module.js';
export { IDENTITY_ENTITIES, IdentityModule, IdentityWatchModule } from './identity.module.js';
export { ALGORITHMS } from './keys/algorithms.js';
export { Jwks } from './keys/jwks.js';
export { KeyMaker } from './keys/key-maker.js';
export { KeyScheduleConfig, KeysConfig } from './keys/keys.config.js';
export { calibrate } from './passwords/calibrate.js';
export { IssueRequest, SignedIssueRequest } from './issuing/issue-request.js';
export { IssuingConfig } from './issuing/issuing.config.js';
export { concurrencyIn, PasswordsConfig } from './passwords/passwords.config.js';
export { SecondFactorCode } from './second-factor/second-factor.js';
export { SigningKeys } from './persistence/signing-keys.js';
export { ServiceAccountsConfig } from './service-accounts/service-accounts.config.js';
export { VISIT_SECONDS } from './upstream/provider-visits.js';
export type { UpstreamPerson } from './upstream/upstream-identity.js';
export {
  ChangeServiceAccount,
  ChangeServiceAccountInput,
  ServiceAccountParams,
} from './use-cases/change-service-account.js';
export { CreateServiceAccount, CreateServiceAccountInput } from './use-cases/create-service-account.js';
export type { ProgramRequest } from './oauth/describe-program.js';
export { AnswerChallenge, ChallengeInput, MfaToken } from './use-cases/answer-challenge.js';
export { AuthorizeDevice } from './use-cases/authorize-device.js';
export { AuthorizeProgram } from './use-cases/authorize-program.js';
export { RefreshSession } from './use-cases/refresh-session.js';
export { PasswordLogin, SignInWithPassword } from './use-cases/sign-in-with-password.js';
export { IssueServiceAccount } from './use-cases/issue-service-account.js';
export {
  ApiKeyParams,
  CreateApiKeyInput,
  ManageApiKeys,
  RotateApiKeyInput,
} from './use-cases/manage-api-keys.js';
export { ApiKeysPage, ReadServiceAccounts, ServiceAccountsPage } from './use-cases/read-service-accounts.js';
export { DeleteAccount, DeleteAccountInput } from './use-cases/delete-account.js';
export { DisplaceClaimants } from './use-cases/displace-claimants.js';
export { IssueTokens, type Profile, type Tokens } from './use-cases/issue-tokens.js';
export { OfferLink } from './use-cases/offer-link.js';
export { PeopleRecords } from './persistence/people-records.js';
export { PlacesConfig } from './sessions/places.config.js';
export { ChangeUserStatus, ChangeUserStatusInput } from './use-cases/change-user-status.js';
export { FindAddressOwner } from './use-cases/find-address-owner.js';
export { FindUser } from './use-cases/find-user.js';
export { type ImportedPassword, ImportUser } from './use-cases/import-user.js';
export { LockAccount, LockAccountInput } from './use-cases/lock-account.js';
export { ManageTotp } from './use-cases/manage-totp.js';
export { ListLoginEvents, ListLoginEventsInput } from './use-cases/list-login-events.js';
export { type OutdatedTokens, OutdateTokens } from './use-cases/outdate-tokens.js';
export { type PutOut, PutOutMember } from './use-cases/put-out-member.js';
export { ReadPeople } from './use-cases/read-people.js';
export { ProveAddress } from './use-cases/prove-address.js';
export { ReadContact } from './use-cases/read-contact.js';
export { RegisterPasswordUser } from './use-cases/register-password-user.js';
export { AddressTaken, RegisterUpstreamUser } from './use-cases/register-upstream-user.js';
export { RequireStepUp } from './use-cases/require-step-up.js';
export { RotateKeys } from './use-cases/rotate-keys.js';
export { AskVerification } from './use-cases/ask-verification.js';
export { ConfirmLink } from './use-cases/confirm-link.js';
export { EndSessions } from './use-cases/end-sessions.js';
export { FinishSignIn } from './use-cases/finish-sign-in.js';
export { ForgotPassword } from './use-cases/forgot-password.js';
export { ResetPassword } from './use-cases/reset-password.js';
export { SignIn } from './use-cases/sign-in.js';
export { VerifyEmail } from './use-cases/verify-email.js';
export { VisitProvider } from './use-cases/visit-provider.js';
export { SwitchTenant, SwitchTenantInput } from './use-cases/switch-tenant.js';
export { type StartedSession, StartSession } from './use-cases/start-session.js';
export { TENANT_RECORDS } from './tenant-records.js';
