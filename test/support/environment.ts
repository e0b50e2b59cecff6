const { PATH, GATEHOUSE_TEST_RUN, NODE_COMPILE_CACHE } = process.env;

/**
 * What every process gets that a test starts: the mark by which the runner ends what a killed test leaves behind, and the
 * place for compiled code, or each of hundreds of starts would compile all of the product again.
 */
export const INHERITED = { PATH, GATEHOUSE_TEST_RUN, NODE_COMPILE_CACHE };

/** What the runner behind `npm test` tells the tests about the parts it has started. */
export function part(name: string): string {
  const value = process.env[`GATEHOUSE_TEST_${name}`];
  if (!value)
    throw new Error(
      `GATEHOUSE_TEST_${name} is not set: run the tests with \`npm test\`, which starts the parts.`,
    );
  return value;
}
