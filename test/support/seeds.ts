/** What tests draw from: the same in each run. A drill draws another (test/load/fresh-seed.ts); GATEHOUSE_SEED repeats one. */
export const someSeed = (): number => Number(process.env.GATEHOUSE_SEED ?? 1);
