export interface VaultSettings {
  /** Of Vault, or of a Vault Agent that adds the token. */
  address: URL;
  token?: string;
  namespace?: string;
  /** Where the Transit engine is mounted. */
  mount: string;
}

/** Somebody waits for what is being signed, in ms. */
const TIMEOUT_MS = 2_000;

/**
 * The HTTP API of Vault's Transit engine.
 * https://developer.hashicorp.com/vault/api-docs/secret/transit
 */
export class VaultTransit {
  constructor(private readonly settings: VaultSettings) {}

  /** What Vault answers, whatever it is. Throws when it does not answer. */
  async send(method: string, path: string, body?: object): Promise<{ status: number; text: string }> {
    const { address, mount, token, namespace } = this.settings;
    const response = await fetch(new URL(`/v1/${mount}/${path}`, address), {
      method,
      headers: {
        // Vault Agent wants to see it, against requests that a browser was tricked into.
        'x-vault-request': 'true',
        ...(token ? { 'x-vault-token': token } : {}),
        ...(namespace ? { 'x-vault-namespace': namespace } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
      },
      body: body && JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, text: await response.text() };
  }
}
