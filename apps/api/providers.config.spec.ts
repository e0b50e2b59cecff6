import { ConfigError, loadConfig, readEnvironment } from '#platform';
import { NEEDS, PROVIDERS, ProvidersConfig } from './providers.config.js';

const faults = (variables: Record<string, string>): readonly string[] => {
  try {
    loadConfig([ProvidersConfig], readEnvironment({ ENV: 'local', ...variables }));
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

describe('optional providers (S2-49)', () => {
  it('may all be missing where none is declared', () => expect(faults({})).toEqual([]));

  it.each(PROVIDERS)('do not start when %s is declared and not set up', (provider) =>
    expect(faults({ PROVIDERS: provider })).toEqual(
      NEEDS[provider].map((name) => `${name}: PROVIDERS declares ${provider}, which needs it.`),
    ),
  );

  it('start when what is declared is set up, and know no others', () => {
    expect(faults({ PROVIDERS: 'firebase', FIREBASE_PROJECT_ID: 'gatehouse-acme' })).toEqual([]);
    expect(faults({ PROVIDERS: 'paypal' })).toEqual([expect.stringMatching(/^PROVIDERS: must be some of /)]);
  });
});
