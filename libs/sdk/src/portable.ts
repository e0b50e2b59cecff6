/** What runs on every platform; each build adds its cryptography. */
export { acceptActivation, newActivationRequest } from './activation.js';
export { type Anchor, type KeyTrust, learnKeys, type RefusedKeySet, trustAnchors } from './anchors.js';
export type {
  AccessToken,
  Beat,
  License,
  Me,
  Registered,
  Seat,
  Seats,
  ServerKeys,
  SignedIn,
  Tenant,
  Tokens,
  Usage,
  User,
  Verdict,
} from './api/answers.js';
export type {
  BilledUse,
  CheckoutPage,
  Invoice,
  Money,
  PricePreview,
  SoldPlan,
  UsePrice,
  Subscription,
  SubscriptionChange,
} from './api/billing-answers.js';
export type { BillingApi, Offer, Purchase, WatchOptions } from './api/billing-api.js';
export type { BillingEvent, BillingNotice, LicenseState, SubscriptionState } from './api/billing-events.js';
export type { ExportFile, ExportsApi, TenantExport } from './api/exports-api.js';
export type { Invitation, InvitationPreview, JoinedTenant } from './api/invitation-answers.js';
export type { AuthorizationServer, DeviceCode, OAuthApi } from './api/oauth-api.js';
export type { TenancyApi } from './api/tenancy-api.js';
export type {
  Deletion,
  MadeTenant,
  Member,
  OwnTenant,
  Role,
  TenantDetails,
  TenantSettings,
} from './api/tenancy-answers.js';
export type { Enrolled, LoginSession, TotpEnrolment, VerifiedEmail } from './api/account-answers.js';
export type { AccountApi, Reauthentication, ShownAnew } from './api/account-api.js';
export {
  ApiError,
  type ApiErrorCode,
  type ErrorDetails,
  isRefusal,
  type LocalErrorCode,
  MfaEnrollmentRequired,
  MfaRequired,
  type OAuthErrorCode,
  PasswordTooWeak,
  ReauthenticationRequired,
} from './api/api-error.js';
export type { ApiOptions, BearerSource, CallOptions } from './api/caller.js';
export { ERROR_CODES, type ErrorCode, type ErrorKind } from './api/error-codes.js';
export {
  type AcquireInput,
  type Credentials,
  GatehouseApi,
  type NewAccount,
  type UsageInput,
} from './api/gatehouse-api.js';
export type { AnswerSignatures, TransportOptions } from './api/transport.js';
export type { AuthEvents, AuthWarning, SignedOutReason } from './auth/auth-events.js';
export type { DeviceSignIn, ShownCode } from './auth/device-grant.js';
export type { AuthClientOptions } from './auth/portable-auth-client.js';
export { SessionTokens, type SessionTokensOptions } from './auth/session-tokens.js';
export { type StoredAuth, storedAuthOf } from './auth/stored-auth.js';
export type { LicenseEvents, Warning, WarningCode } from './client/events.js';
export type { LicenseClientOptions } from './client/license-client-options.js';
export type { PinnedKeys } from './client/pinned-keys.js';
export { type ClientTime, systemTime } from './client/platform.js';
export type { LicenseStatus } from './client/status.js';
export { QuotaExhausted, type UseResult } from './client/usage-meter.js';
export { type ClientCrypto, deviceHash, newUuid } from './crypto/client-crypto.js';
export * from './formats/index.js';
export {
  type Answer,
  CLOCK_TOLERANCE_MS,
  type FreeReason,
  type Kept,
  leaseState,
  type LeaseState,
  type LeaseStateInput,
  type LeaseStateName,
  type SeatKnowledge,
  type TrustedTime,
} from './lease-state.js';
export {
  EMPTY_LEDGER,
  type MeterSeed,
  type PendingUse,
  report,
  type ReportedUse,
  seedFromAnswer,
  seedFromLease,
  settle,
  spend,
  type Spending,
  type UsageLedger,
} from './offline-quota.js';
export { encodeOfflineState, type OfflineState, parseOfflineState } from './offline-state.js';
export { seal, unseal } from './sealed.js';
export { FREE, type Terms, termsOf } from './terms.js';
