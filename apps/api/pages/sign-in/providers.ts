import { html, type Html } from '#platform';

const NAMES: Readonly<Record<string, string>> = {
  'google.com': 'Google',
  'github.com': 'GitHub',
  'microsoft.com': 'Microsoft',
  'apple.com': 'Apple',
};

/** A provider as people call it. */
export const providerName = (provider: string): string => NAMES[provider] ?? provider;

/** Ways in by a provider. Links, not buttons: they lead to another site, and change nothing here. */
export function providerLinks(providers: readonly string[], next: string): Html {
  if (providers.length === 0) return html``;
  const query = next === '/account' ? '' : `?next=${encodeURIComponent(next)}`;
  return html`<div class="stack">
      ${providers.map(
        (provider) =>
          html`<a class="button second" href="${`/login/with/${encodeURIComponent(provider)}${query}`}"
            >Continue with ${providerName(provider)}</a
          >`,
      )}
    </div>
    <p class="or">or</p>`;
}
