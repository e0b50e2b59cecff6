/** The variables of the process: the client is published and has no part in the product's configuration. */
// eslint-disable-next-line no-restricted-properties
export const variables = (): Readonly<Record<string, string | undefined>> => process.env;
