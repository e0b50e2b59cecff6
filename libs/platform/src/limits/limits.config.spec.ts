import { ConfigError, loadConfig } from '../config/config.js';
import { RuntimeConfig } from '../config/runtime.config.js';
import { Limits, LimitsConfig } from './limits.config.js';

function limitsOf(variables: Record<string, string>): Limits {
  const all = new Map(Object.entries(variables));
  const values = loadConfig([RuntimeConfig, LimitsConfig], {
    get: (name) => all.get(name),
    names: () => all.keys(),
  });
  return new Limits(values.get(LimitsConfig) as LimitsConfig, values.get(RuntimeConfig) as RuntimeConfig);
}

describe('the limits in force', () => {
  it.each(['staging', 'production'])('are those of the contract with ENV=%s', (env) => {
    expect(limitsOf({ ENV: env })).toMatchObject({
      user: 100,
      address: 1_000,
      global: 10_000,
      windowSeconds: 60,
    });
  });

  it.each(['local', 'test'])('are generous everywhere with ENV=%s', (env) => {
    const { windowSeconds, backOffMaxSeconds, ...amounts } = limitsOf({ ENV: env });
    expect(windowSeconds).toBe(60);
    expect(backOffMaxSeconds).toBe(300);
    expect(new Set(Object.values(amounts))).toEqual(new Set([1_000_000]));
  });

  it.each(['local', 'production'])('are what is set, with ENV=%s too', (env) => {
    expect(limitsOf({ ENV: env, LIMIT_USER: '3', LIMIT_GUESSES_ADDRESS: '2' })).toMatchObject({
      user: 3,
      guessesPerAddress: 2,
    });
  });

  it.each(['0', '-1', 'many', '1.5'])('are whole and positive: %s is refused', (value) => {
    expect(() => limitsOf({ ENV: 'production', LIMIT_ADDRESS: value })).toThrow(ConfigError);
  });
});
