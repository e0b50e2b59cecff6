export * from './activation.js';
export * from './crc16.js';
export * from './device.js';
export {
  acceptSignature,
  ANSWER_MAX_AGE_MS,
  type AnswerCheck,
  type SignedAnswer,
  type SignedRequest,
  verifyResponseSignature,
} from './http-signature.js';
export * from './invalid-document.js';
export * from './key-set.js';
export * from './lease.js';
export * from './license-key.js';
export type { Sign, SigningKey, Trust, VerificationKey, Verify } from './signed-document.js';
