import { z } from 'zod';
import { OauthRefusal } from './oauth-refusal.js';

/** RFC 6749, Appendix A: what tokens and names are made of. */
export const vschars = (max: number) =>
  z
    .string()
    .max(max)
    .regex(/^[\x20-\x7e]+$/);

/** RFC 7521, 4.2 with RFC 7523, 2.2. */
const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

/** The fields that any grant has. Those of others stand beside them; what nobody knows is ignored (RFC 6749, 3.2). */
export const TokenForm = z.looseObject({
  grant_type: vschars(200).meta({ example: 'client_credentials' }),
  scope: vschars(2_000).optional().meta({ example: 'licenses:read' }),
  client_id: vschars(200).optional().meta({ example: 'svc_01k9zq6mwee4rr8q3fjz6c1v2d' }),
  client_secret: vschars(500).optional().meta({ example: 'gh_key_live_...' }),
  client_assertion_type: vschars(200).optional(),
  client_assertion: vschars(8_192).optional(),
  code: vschars(200).optional().meta({ description: 'With authorization_code.' }),
  redirect_uri: vschars(200)
    .optional()
    .meta({ description: 'With authorization_code: as it was asked for.' }),
  code_verifier: vschars(200).optional().meta({ description: 'With authorization_code (RFC 7636).' }),
  device_code: vschars(200).optional().meta({ description: 'With device_code (RFC 8628).' }),
  refresh_token: vschars(256).optional().meta({ description: 'With refresh_token.' }),
  subject_token: vschars(8_192).optional().meta({ description: 'With token-exchange (RFC 8693).' }),
  subject_token_type: vschars(200).optional(),
  requested_token_type: vschars(200).optional(),
  actor_token: vschars(8_192).optional(),
  audience: vschars(200).optional().meta({ description: 'With token-exchange: the id of an organisation.' }),
});

/** Throws `invalid_request` for a field that is missing, sent twice, or not of its form. */
export function readTokenForm(body: unknown): z.output<typeof TokenForm> {
  const parsed = TokenForm.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const fields = [...new Set(parsed.error.issues.map((issue) => String(issue.path[0] ?? 'the body')))];
  const known = fields.map((field) => (field in TokenForm.shape ? field : 'the body'));
  throw new OauthRefusal('invalid_request', `${known.join(', ')}: missing, sent twice, or not of its form.`);
}

/** What a client shows to say who it is. */
export type ClientProof =
  | { method: 'client_secret'; clientId: string; secret: string }
  | { method: 'private_key_jwt'; clientId?: string; assertion: string };

/** Throws `invalid_request` for two ways at once (RFC 6749, 2.3), `invalid_client` for none. */
export function readClientProof(
  authorization: string | undefined,
  form: z.output<typeof TokenForm>,
): ClientProof | null {
  const basic = readBasic(authorization);
  const ways = [basic, form.client_secret, form.client_assertion].filter((one) => one !== undefined);
  if (ways.length > 1)
    throw new OauthRefusal('invalid_request', 'The client authenticates in more than one way.');
  if (basic) {
    if (basic === 'malformed' || (form.client_id !== undefined && form.client_id !== basic.clientId))
      return null;
    return { method: 'client_secret', ...basic };
  }
  if (form.client_assertion !== undefined) {
    if (form.client_assertion_type !== JWT_BEARER)
      throw new OauthRefusal('invalid_request', `client_assertion_type has to be ${JWT_BEARER}.`);
    return { method: 'private_key_jwt', clientId: form.client_id, assertion: form.client_assertion };
  }
  if (form.client_id === undefined || form.client_secret === undefined) return null;
  return { method: 'client_secret', clientId: form.client_id, secret: form.client_secret };
}

/** Whether a client authenticates by HTTP Basic, well or badly. */
export const isBasic = (authorization: string | undefined): boolean => readBasic(authorization) !== undefined;

/** RFC 6749, 2.3.1: both are form-encoded before they are joined. Other schemes are none that authenticate clients. */
function readBasic(
  authorization: string | undefined,
): { clientId: string; secret: string } | 'malformed' | undefined {
  const [, encoded] = /^basic +([\w+/=-]{1,2000})$/i.exec(authorization ?? '') ?? [];
  if (!encoded) return authorization && /^basic\b/i.test(authorization) ? 'malformed' : undefined;
  const [id, secret] = Buffer.from(encoded, 'base64').toString('utf8').split(/:(.*)/s);
  try {
    if (!id || !secret) return 'malformed';
    return { clientId: formDecoded(id), secret: formDecoded(secret) };
  } catch {
    return 'malformed';
  }
}

const formDecoded = (text: string) => decodeURIComponent(text.replaceAll('+', ' '));
