import { readFileSync } from 'node:fs';
import { parsePriceList } from './price-list.js';
import { METER, meterInWords, type MeterStep, meterSteps, type StripeMeter } from './stripe-meters.js';

const FILE = readFileSync('plans.yaml', 'utf8');
const list = parsePriceList(
  FILE.replaceAll('commands: { limit: null, period: day }', 'commands: { limit: null, billed: true }'),
);
const meter = (more: Partial<StripeMeter> = {}): StripeMeter => ({
  ...{ id: 'mtr_1', eventName: 'gatehouse_commands', active: true },
  ...METER,
  ...more,
});
const told = (...has: StripeMeter[]): string[] => meterSteps(list, has).map(meterInWords);

describe('the difference between the billed meters and Stripe', () => {
  it('is nothing where nothing is billed by use, whatever meters Stripe has', () => {
    expect(meterSteps(parsePriceList(FILE), [meter(), meter({ eventName: 'gatehouse_others' })])).toEqual([]);
  });

  it('is a meter that is missing, called after the product, and nothing once it is there', () => {
    const wanted: MeterStep[] = [
      { do: 'create_meter', meter: { eventName: 'gatehouse_commands', name: 'Gatehouse: commands' } },
    ];
    expect(meterSteps(list, [])).toEqual(wanted);
    expect(meterSteps(list, [meter({ eventName: 'another_commands' })])).toEqual(wanted);
    expect(meterSteps(list, [meter()])).toEqual([]);
  });

  it('is an archived one, which is reactivated, unless another took its place', () => {
    const archived = meter({ active: false });
    expect(told(archived)).toEqual(['~ meter gatehouse_commands (mtr_1) is archived, and becomes active']);
    expect(told(archived, meter({ id: 'mtr_2' }))).toEqual([]);
    // One that counts otherwise would be the wrong one to wake.
    expect(told(meter({ active: false, formula: 'count' }))).toEqual([
      '+ meter gatehouse_commands adds up what is used',
    ]);
  });

  it.each([
    [{ formula: 'last' }, 'it is a last, not a sum'],
    [{ customerKey: 'customer' }, 'it reads the customer from customer, not stripe_customer_id'],
    [{ valueKey: 'tokens' }, 'it reads the amount from tokens, not value'],
  ])('is said where only a person can mend it: %j', (more, why) => {
    expect(told(meter(more))).toEqual([
      `! meter gatehouse_commands (mtr_1): ${why}; archive it at Stripe, and another is made`,
    ]);
  });
});
