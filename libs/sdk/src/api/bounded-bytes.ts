import { InvalidDocument } from '../formats/invalid-document.js';

/** The body of an answer. Throws InvalidDocument, and reads no further, when it is longer than `max`. */
export async function boundedBytes(response: Response, max: number): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = (await reader?.read()) ?? { done: true, value: undefined };
    if (done) break;
    length += value.byteLength;
    if (length > max) {
      await reader?.cancel();
      throw new InvalidDocument('TOO_LARGE', `The answer is longer than ${max} bytes.`);
    }
    parts.push(value);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.byteLength;
  }
  return bytes;
}
