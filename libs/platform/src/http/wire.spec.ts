import { z } from 'zod';
import { wire } from './wire.js';

const Input = z.strictObject({
  hardwareId: z.string(),
  licenseKey: z.string().optional(),
  seatLimits: z.strictObject({ maxSeats: z.int(), perDevice: z.int().default(1) }).optional(),
  machines: z.array(z.strictObject({ osName: z.string() })).default([]),
  labels: z.record(z.string(), z.strictObject({ isShown: z.boolean() })).optional(),
  payment: z
    .union([
      z.strictObject({ cardNumber: z.string() }),
      z.strictObject({ bankAccount: z.string() }),
      z.literal('none'),
    ])
    .optional(),
});

const issuesOf = (schema: z.ZodType, value: unknown) => {
  const result = wire(schema).decode(value);
  if (!('issues' in result)) throw new Error('It was accepted.');
  return result.issues.map(({ path, message }) => `${(path ?? []).map(String).join('.')}: ${message}`);
};

describe('what comes in', () => {
  it('has its names translated where the schema knows them, at every depth', () => {
    const sent = {
      hardware_id: 'x',
      seat_limits: { max_seats: 3 },
      machines: [{ os_name: 'plan9' }],
      labels: { 'my_own.Word': { is_shown: true } },
      payment: { bank_account: '1' },
    };
    expect(wire(Input).decode(sent)).toEqual({
      value: {
        hardwareId: 'x',
        seatLimits: { maxSeats: 3, perDevice: 1 },
        machines: [{ osName: 'plan9' }],
        labels: { 'my_own.Word': { isShown: true } },
        payment: { bankAccount: '1' },
      },
    });
    expect(wire(Input).decode({ hardware_id: 'x', payment: 'none' })).toMatchObject({
      value: { payment: 'none' },
    });
  });

  it('tells each fault with the path as the caller wrote it', () => {
    expect(
      issuesOf(Input, { seat_limits: { max_seats: 'three' }, machines: [{ os_name: 'a' }, { os_name: 7 }] }),
    ).toEqual([
      expect.stringMatching(/^hardware_id: /),
      expect.stringMatching(/^seat_limits\.max_seats: /),
      expect.stringMatching(/^machines\.1\.os_name: /),
    ]);
  });

  it.each([
    ['a name of the inside', { hardware_id: 'x', hardwareId: 'x' }, /hardwareId/],
    ['an unknown name', { hardware_id: 'x', plan: 'ENTERPRISE' }, /plan/],
    [
      'an unknown name further in',
      { hardware_id: 'x', seat_limits: { max_seats: 1, admin: true } },
      /^seat_limits: .*admin/,
    ],
    ['the prototype', JSON.parse('{"hardware_id":"x","__proto__":{"admin":true}}'), /__proto__/],
    ['the constructor', { hardware_id: 'x', constructor: {} }, /constructor/],
    ['a list', [], /^: /],
    ['a text', 'x', /^: /],
    ['null', null, /^: /],
    ['nothing', undefined, /^: /],
  ])('is refused with %s', (_, sent, issue) => {
    expect(issuesOf(Input, sent)).toContainEqual(expect.stringMatching(issue));
  });

  it.each([
    ['NUL', 'a\0b', 'must not contain the character NUL'],
    ['half a character', 'a\ud800b', 'must be well-formed Unicode'],
    ['its other half', '\udc00', 'must be well-formed Unicode'],
  ])('is refused with %s in any string, with the place', (_, text, message) => {
    expect(issuesOf(Input, { hardware_id: text })).toEqual([`hardware_id: ${message}`]);
    expect(issuesOf(Input, { hardware_id: 'x', machines: [{ os_name: text }] })).toEqual([
      `machines.0.os_name: ${message}`,
    ]);
    expect(issuesOf(Input, { hardware_id: 'x', labels: { [text]: { is_shown: true } } })).toEqual([
      `labels: ${message}`,
    ]);
    expect(issuesOf(z.object({ anything: z.unknown() }), { anything: { deep: [{ [text]: 1 }] } })).toEqual([
      `anything.deep.0.(key): ${message}`,
    ]);
  });

  it('takes whole characters of every plane', () => {
    expect(wire(Input).decode({ hardware_id: 'Zoë 😀 漢' })).toMatchObject({
      value: { hardwareId: 'Zoë 😀 漢' },
    });
  });

  it('survives ten thousand levels of what the schema does not look into', () => {
    let deep: unknown = 'x';
    for (let i = 0; i < 10_000; i++) deep = { next: deep };
    expect('value' in wire(z.object({ anything: z.unknown() })).decode({ anything: deep })).toBe(true);
    expect(issuesOf(Input, { hardware_id: deep })).toEqual([expect.stringMatching(/^hardware_id: /)]);
  });
});

describe('what goes out', () => {
  const Output = z.object({
    expiresAt: z.date(),
    seats: z.object({ maxSeats: z.int().nullable() }),
    list: z.array(z.object({ traceId: z.string() })),
  });

  it('is in snake case and holds what the schema names, nothing more', () => {
    const at = new Date();
    const answer = {
      expiresAt: at,
      seats: { maxSeats: null, secret: 'x' },
      list: [{ traceId: 'a', secret: 'x' }],
      keySealed: 'x',
    };
    expect(wire(Output).encode(answer)).toEqual({
      expires_at: at,
      seats: { max_seats: null },
      list: [{ trace_id: 'a' }],
    });
  });

  it('leaves out what is undefined, and keeps a record’s own words', () => {
    const Metadata = z.object({ note: z.string().optional(), metadata: z.record(z.string(), z.unknown()) });
    expect(wire(Metadata).encode({ note: undefined, metadata: { licenseId: { innerName: 1 } } })).toEqual({
      metadata: { licenseId: { innerName: 1 } },
    });
  });
});

describe('the JSON Schema', () => {
  it('says the names and requirements of the wire', () => {
    expect(wire(Input).jsonSchema('input')).toMatchObject({
      type: 'object',
      additionalProperties: false,
      required: ['hardware_id'],
      properties: {
        seat_limits: { required: ['max_seats'] },
        machines: { items: { properties: { os_name: { type: 'string' } } } },
      },
    });
  });

  it('leaves values alone: only names are translated', () => {
    const schema = z.object({ unitName: z.enum(['perSeat', 'perMonth']).default('perSeat') });
    expect(wire(schema).jsonSchema('input')).toMatchObject({
      properties: { unit_name: { enum: ['perSeat', 'perMonth'], default: 'perSeat' } },
    });
  });

  it('calls an instant what it is', () => {
    expect(wire(z.object({ createdAt: z.date() })).jsonSchema('output')).toMatchObject({
      properties: { created_at: { type: 'string', format: 'date-time' } },
    });
  });

  it('is made once for each schema', () => {
    expect(wire(Input)).toBe(wire(Input));
  });
});
