/**
 * Thrown by a handler that knows no later attempt can succeed: the event goes to the dead letters at once. The
 * message is kept and shown to operators.
 */
export class PermanentFailure extends Error {
  override readonly name: string = 'PermanentFailure';
}
