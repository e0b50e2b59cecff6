import type { PriceList } from '../domain/plan-price.js';
import { meterEventName } from '../domain/shipment.js';

/** A meter at Stripe (docs.stripe.com/api/billing/meter/object), as far as our uses depend on it. */
export interface StripeMeter {
  id: string;
  eventName: string;
  formula: string;
  /** What of an event's payload is whose it is, and how much. */
  customerKey: string;
  valueKey: string;
  active: boolean;
}

export type WantedMeter = Pick<StripeMeter, 'eventName'> & { name: string };

export type MeterStep =
  | { do: 'create_meter'; meter: WantedMeter }
  | { do: 'reactivate_meter'; meterId: string; eventName: string }
  /** Stripe changes nothing of a meter but its name: only whoever made it knows what else hangs on it. */
  | { do: 'replace_meter_by_hand'; meterId: string; eventName: string; why: string };

/** What every meter of ours is like: ship-usage.ts sends by it, and compare-usage.ts adds up by it. */
export const METER = { formula: 'sum', customerKey: 'stripe_customer_id', valueKey: 'value' } as const;

const wantedMeters = ({ code, productName, billedMeters }: PriceList): WantedMeter[] =>
  billedMeters.map((meter) => ({ eventName: meterEventName(code, meter), name: `${productName}: ${meter}` }));

/**
 * The steps from the meters that Stripe has to those that uses are sent to. At Stripe one meter of a name is active at a
 * time, and an archived one takes no events until it is reactivated. Meters that no plan bills are left alone: a policy or
 * a licence of its own may bill them.
 */
export function meterSteps(list: PriceList, has: readonly StripeMeter[]): MeterStep[] {
  return wantedMeters(list).flatMap((meter): MeterStep[] => {
    const { eventName } = meter;
    const active = activeOf(eventName, has);
    const why = active && whyUnfit(active);
    if (active && why) return [{ do: 'replace_meter_by_hand', meterId: active.id, eventName, why }];
    if (active) return [];
    const archived = billableMeter(eventName, has);
    if (archived) return [{ do: 'reactivate_meter', meterId: archived.id, eventName }];
    return [{ do: 'create_meter', meter }];
  });
}

const activeOf = (eventName: string, has: readonly StripeMeter[]): StripeMeter | undefined =>
  has.find((one) => one.eventName === eventName && one.active);

/** The meter that counts what is sent under a name once all steps are done; undefined: it is still to be made. */
export function billableMeter(eventName: string, has: readonly StripeMeter[]): StripeMeter | undefined {
  const active = activeOf(eventName, has);
  return active ?? has.find((one) => one.eventName === eventName && !whyUnfit(one));
}

function whyUnfit({ formula, customerKey, valueKey }: StripeMeter): string | null {
  if (formula !== METER.formula) return `it is a ${formula}, not a ${METER.formula}`;
  if (customerKey !== METER.customerKey)
    return `it reads the customer from ${customerKey}, not ${METER.customerKey}`;
  if (valueKey !== METER.valueKey) return `it reads the amount from ${valueKey}, not ${METER.valueKey}`;
  return null;
}

export function meterInWords(step: MeterStep): string {
  switch (step.do) {
    case 'create_meter':
      return `+ meter ${step.meter.eventName} adds up what is used`;
    case 'reactivate_meter':
      return `~ meter ${step.eventName} (${step.meterId}) is archived, and becomes active`;
    case 'replace_meter_by_hand':
      return `! meter ${step.eventName} (${step.meterId}): ${step.why}; archive it at Stripe, and another is made`;
  }
}
