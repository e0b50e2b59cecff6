import { AccountLimits } from './accounts/accounts.config.js';
import { AddressHash } from './accounts/address.js';
import { Budgets, MailBudget } from './accounts/budgets.js';
import { Invited, InvitedDomains } from './accounts/invited.js';
import { Lockout } from './accounts/lockout.js';
import { HashQueue } from './passwords/hash-queue.js';
import { PasswordHasher } from './passwords/password-hasher.js';
import { PasswordPolicy } from './passwords/password-policy.js';
import { PasswordScorer } from './passwords/password-scorer.js';
import { Pepper } from './passwords/pepper.js';
import { AddressChanges } from './persistence/address-changes.js';
import { Addresses } from './persistence/addresses.js';
import { KnownDevices } from './persistence/known-devices.js';
import { LoginEvents } from './persistence/login-events.js';
import { MailTokens } from './persistence/mail-tokens.js';
import { Passwords } from './persistence/passwords.js';
import { TotpFactors } from './persistence/totp-factors.js';
import { UserDirectory } from './persistence/user-directory.js';
import { UserProfiles } from './persistence/user-profiles.js';
import { SealedRecords } from './nonces/sealed-records.js';
import { MfaTokens } from './second-factor/mfa-tokens.js';
import { SecondFactor } from './second-factor/second-factor.js';
import { TotpEnrollment } from './second-factor/totp-enrollment.js';
import { DeviceHash } from './sessions/device-hash.js';
import { AnswerChallenge } from './use-cases/answer-challenge.js';
import { FinishSignIn } from './use-cases/finish-sign-in.js';
import { AskVerification } from './use-cases/ask-verification.js';
import { ChangeEmail } from './use-cases/change-email.js';
import { ChangePassword } from './use-cases/change-password.js';
import { ChangeProfile } from './use-cases/change-profile.js';
import { ChangeUserStatus } from './use-cases/change-user-status.js';
import { SessionRoom } from './sessions/session-room.js';
import { ChoosePassword } from './use-cases/choose-password.js';
import { ConfirmOwnPassword } from './use-cases/confirm-own-password.js';
import { DeleteAccount } from './use-cases/delete-account.js';
import { DisplaceClaimants } from './use-cases/displace-claimants.js';
import { EndPersonSessions } from './use-cases/end-person-sessions.js';
import { FindAddressOwner } from './use-cases/find-address-owner.js';
import { FindUser } from './use-cases/find-user.js';
import { ForgetPerson } from './use-cases/forget-person.js';
import { ForgotPassword } from './use-cases/forgot-password.js';
import { ImportUser } from './use-cases/import-user.js';
import { LockAccount } from './use-cases/lock-account.js';
import { ManageTotp } from './use-cases/manage-totp.js';
import { ProveAddress } from './use-cases/prove-address.js';
import { Reauthenticate } from './use-cases/reauthenticate.js';
import { RegisterPasswordUser } from './use-cases/register-password-user.js';
import { RequireStepUp } from './use-cases/require-step-up.js';
import { ResetPassword } from './use-cases/reset-password.js';
import { SignInWithPassword } from './use-cases/sign-in-with-password.js';
import { UseMailToken } from './use-cases/use-mail-token.js';
import { VerifyEmail } from './use-cases/verify-email.js';

/** Passwords, addresses and what mails carry. */
export const ACCOUNTS = [
  AccountLimits,
  AddressHash,
  Budgets,
  MailBudget,
  { provide: Invited, useClass: InvitedDomains },
  Lockout,
  HashQueue,
  Pepper,
  PasswordHasher,
  { provide: PasswordScorer, useFactory: () => new PasswordScorer() },
  PasswordPolicy,
  Passwords,
  Addresses,
  AddressChanges,
  MailTokens,
  LoginEvents,
  KnownDevices,
  DeviceHash,
  SessionRoom,
  UserProfiles,
  UserDirectory,
  TotpFactors,
  SealedRecords,
  MfaTokens,
  SecondFactor,
  TotpEnrollment,
  ManageTotp,
  Reauthenticate,
  RequireStepUp,
  ChangeUserStatus,
  AnswerChallenge,
  FinishSignIn,
  AskVerification,
  ChangeEmail,
  ChangePassword,
  ChoosePassword,
  ConfirmOwnPassword,
  DeleteAccount,
  ForgetPerson,
  FindAddressOwner,
  FindUser,
  ImportUser,
  LockAccount,
  ChangeProfile,
  DisplaceClaimants,
  EndPersonSessions,
  ForgotPassword,
  ProveAddress,
  RegisterPasswordUser,
  ResetPassword,
  SignInWithPassword,
  UseMailToken,
  VerifyEmail,
];
