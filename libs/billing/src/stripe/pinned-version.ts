/** The version of Stripe's API whose types are read: that of the library. Loaded late, like everything of Stripe. */
export async function pinnedVersion(): Promise<string> {
  const { default: Stripe } = await import('stripe');
  return Stripe.API_VERSION;
}
