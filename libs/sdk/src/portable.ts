/** What runs on every platform; each build adds its cryptography. */
export { acceptActivation, newActivationRequest } from './activation.js';
export { type Anchor, type KeyTrust, learnKeys, type RefusedKeySet, trustAnchors } from './anchors.js';
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
