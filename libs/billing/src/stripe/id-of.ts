/** What a field of Stripe's names: by its id, or the object itself where it is expanded. */
type Ref = string | { id: string };

/** The id of what is named; null: nothing is. */
export function refId(ref: Ref): string;
export function refId(ref: Ref | null | undefined): string | null;
export function refId(ref: Ref | null | undefined): string | null {
  return typeof ref === 'object' ? (ref?.id ?? null) : (ref ?? null);
}
