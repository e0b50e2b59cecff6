/** What the runner behind `npm test` tells the tests about the parts it has started. */
export function part(name: string): string {
  const value = process.env[`GATEHOUSE_TEST_${name}`];
  if (!value)
    throw new Error(
      `GATEHOUSE_TEST_${name} is not set: run the tests with \`npm test\`, which starts the parts.`,
    );
  return value;
}
