import { absent, containing, differences } from './wanted.js';

describe('what an answer must hold', () => {
  const answer = { id: 'usr_1', seats: { used: 1, max: null }, list: ['a', 'b'] };

  it.each<[string, unknown]>([
    ['a part', { seats: { used: 1 } }],
    ['a pattern', { id: /^usr_/ }],
    ['a text in a text', { id: containing('r_1') }],
    ['null', { seats: { max: null } }],
    ['a list', { list: ['a', /b/] }],
    ['nothing at a place', { key: absent }],
  ])('is satisfied by %s', (_, wanted) => expect(differences(wanted, answer)).toEqual([]));

  it.each<[string, unknown, string]>([
    ['another value', { seats: { used: 2 } }, 'seats.used should be 2'],
    ['another text', { id: /^ten_/ }, 'id should match /^ten_/'],
    ['a number for a text', { seats: { used: /1/ } }, 'seats.used should match /1/'],
    ['a text without the other', { id: containing('ten') }, 'id should hold ten'],
    ['a missing object', { license: { id: 1 } }, 'license should be an object'],
    ['a longer list', { list: ['a'] }, 'list should hold 1'],
    ['what should not be there', { id: absent }, 'id should not be there'],
    ['no object at all', 'x', 'the answer should be "x"'],
  ])('tells of %s', (_, wanted, told) => expect(differences(wanted, answer)).toEqual([told]));
});
