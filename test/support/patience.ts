/** What is promised within so long, in ms. Where CI is set it may take five times that: others share such machines. */
export const promised = (ms: number): number => (process.env.CI ? 5 * ms : ms);
