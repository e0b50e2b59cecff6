/** Why a document was refused. Public: new ones may come, none changes its meaning. */
export type InvalidDocumentCode =
  | 'TOO_LARGE'
  | 'MALFORMED'
  | 'WRONG_TYPE'
  | 'WRONG_ALGORITHM'
  | 'UNKNOWN_KEY'
  | 'COMPROMISED_KEY'
  | 'KEY_OUT_OF_TIME'
  | 'BAD_SIGNATURE'
  | 'BAD_CLAIM'
  | 'WRONG_ISSUER'
  | 'WRONG_LICENSE'
  | 'WRONG_DEVICE'
  | 'WRONG_NONCE';

/** A lease, key set or activation file that must not be believed. Its message is for logs and holds no secret. */
export class InvalidDocument extends Error {
  readonly code: InvalidDocumentCode;

  constructor(code: InvalidDocumentCode, message: string) {
    super(message);
    this.name = 'InvalidDocument';
    this.code = code;
  }
}
