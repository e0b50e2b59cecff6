import { masked } from './summary.js';

describe('the summary of the settings (S2-29)', () => {
  it('tells secrets apart and gives none away', () => {
    expect(masked('sk_live_1234567890abcdefWXYZ')).toBe('sk_live_…WXYZ');
    expect(masked('whsec_1234567890abcdefWXYZ')).toBe('whsec_…WXYZ');
    expect(masked(undefined)).toBeNull();
  });
});
