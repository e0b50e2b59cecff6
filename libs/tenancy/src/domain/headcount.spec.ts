import { mustHaveRoom, onePerson, together } from './headcount.js';
import { grantsOfRole } from './permissions.js';

const TEAM = { plan: 'TEAM', maxSeats: 2, maxMembers: 3 };
const developer = onePerson(grantsOfRole('developer'));
const viewer = onePerson(grantsOfRole('viewer'));

describe('how many people a plan lets in', () => {
  it('counts everybody, and those whose role takes seats', () => {
    expect(developer).toEqual({ members: 1, seated: 1 });
    expect(viewer).toEqual({ members: 1, seated: 0 });
    expect(together(developer, viewer, viewer)).toEqual({ members: 3, seated: 1 });
  });

  it('refuses what is one too many, and says of which', () => {
    expect(() => mustHaveRoom(TEAM, { members: 2, seated: 1 }, developer)).not.toThrow();
    expect(() => mustHaveRoom(TEAM, { members: 2, seated: 2 }, developer)).toThrow(
      expect.objectContaining({ code: 'SEAT_LIMIT_REACHED', details: { max: 2, used: 2 } }),
    );
    expect(() => mustHaveRoom(TEAM, { members: 2, seated: 2 }, viewer)).not.toThrow();
    expect(() => mustHaveRoom(TEAM, { members: 3, seated: 2 }, viewer)).toThrow(
      expect.objectContaining({ code: 'MEMBER_LIMIT_REACHED', details: { max: 3, used: 3 } }),
    );
  });

  it('knows no limit where the plan has none', () => {
    const open = { plan: 'ENTERPRISE', maxSeats: null, maxMembers: null };
    expect(() => mustHaveRoom(open, { members: 9_000, seated: 9_000 }, developer)).not.toThrow();
  });

  it('lets those who are too many for a smaller plan be moved about', () => {
    const over = { members: 9, seated: 5 };
    expect(() => mustHaveRoom(TEAM, over, { members: 0, seated: 0 })).not.toThrow();
    expect(() => mustHaveRoom(TEAM, over, { members: 0, seated: 1 })).toThrow();
  });
});
