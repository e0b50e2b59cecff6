/** Enough to recognise a failure by; the whole of it is in the log. */
const MAX_LENGTH = 500;

/** A failure as it is kept beside its event: name and message on one line, cut, without credentials of URLs. */
export function failureText(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `Thrown: ${String(error)}`;
  return text
    .replace(/\/\/[^/@\s]*@/g, '//[masked]@')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .trim()
    .slice(0, MAX_LENGTH)
    .toWellFormed();
}
