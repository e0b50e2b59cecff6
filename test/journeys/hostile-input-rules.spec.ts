import { faultsOf } from '../support/openapi-fuzz-answers.js';
import type { RawAnswer } from '../support/openapi-fuzz-client.js';
import type { Operation } from '../support/openapi-fuzz-schema.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const OPERATION: Operation = {
  name: 'POST /pots',
  method: 'POST',
  path: '/pots',
  parameters: [],
  access: 'public',
  budget: 'general',
  responses: {
    200: { content: { 'application/json': { schema: { type: 'object', required: ['id'] } } } },
    422: { content: { 'application/json': { examples: { VALIDATION_FAILED: {} } } } },
  },
};

const ERROR = {
  code: 'VALIDATION_FAILED',
  message: 'It is not of the form.',
  trace_id: TRACE,
  timestamp: '2026-11-22T10:15:30.000Z',
  details: { issues: [{ path: 'name', message: 'must be text' }] },
};

const answer = (status: number, body: unknown, trace = TRACE): RawAnswer => ({
  status,
  headers: { 'x-trace-id': trace },
  text: typeof body === 'string' ? body : JSON.stringify(body),
});

// What the property tests ask of every answer, shown to notice when it is missing.
describe('an answer to hostile input', () => {
  it.each([
    [422, { error: ERROR }],
    [200, { id: 'pot_1' }],
  ])('is in order: %i %j', (status, body) => {
    expect(faultsOf(answer(status, body), ['zebra'], OPERATION)).toEqual([]);
  });

  it.each<[string, RawAnswer]>([
    ['a failure of ours', answer(500, { error: ERROR })],
    ["another tenant's zebra", answer(200, { id: 'zebra' })],
    ['not the envelope', answer(422, 'Bad Request')],
    ['not the envelope', answer(422, { statusCode: 422 })],
    ['no X-Trace-Id', answer(422, { error: ERROR }, '')],
    ['not X-Trace-Id', answer(422, { error: ERROR }, TRACE.replace('4', '5'))],
    ['say where', answer(422, { error: { ...ERROR, details: { issues: [] } } })],
    ['say what is wrong', answer(422, { error: { ...ERROR, message: '' } })],
    ['more than an envelope', answer(422, { error: { ...ERROR, stack: 'Error' } })],
    [
      'of the inside',
      answer(422, { error: { ...ERROR, message: 'Relation "tenants" is in node_modules/pg.' } }),
    ],
    ['ISO 8601', answer(422, { error: { ...ERROR, timestamp: 'today' } })],
    ['409 POT_ON_FIRE is not documented', answer(409, { error: { ...ERROR, code: 'POT_ON_FIRE' } })],
    ['201 is not documented', answer(201, { id: 'pot_1' })],
    ['not fit its schema', answer(200, {})],
  ])('is found to be %s', (fault, given) => {
    expect(faultsOf(given, ['zebra'], OPERATION).join('; ')).toContain(fault);
  });
});
