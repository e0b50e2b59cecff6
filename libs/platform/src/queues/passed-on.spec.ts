import { offeredAgain } from './passed-on.js';

const MINUTE = 60_000;
const first = { at: 1_000_000, begun: 3 };
const after = (offers: number, ms: number) => offeredAgain(first, first.begun + offers, first.at + ms);

describe('a job that another process is to serve', () => {
  it('is offered again at once, also where the queue is so full that it has waited for long', () => {
    expect(after(0, 0)).toEqual({ isUnserved: false, inMs: 250 });
    expect(after(99, 0.4 * MINUTE)).toEqual({ isUnserved: false, inMs: 250 });
    expect(after(5, 30 * MINUTE)).toEqual({ isUnserved: false, inMs: 250 });
    expect(after(200, MINUTE - 1)).toEqual({ isUnserved: false, inMs: 250 });
  });

  it('is served by nobody once it was offered often and for long, and offered ever more rarely', () => {
    expect(after(240, MINUTE)).toEqual({ isUnserved: true, inMs: 10_000 });
    expect(after(250, 2 * MINUTE)).toEqual({ isUnserved: true, inMs: 20_000 });
    expect(after(300, 24 * 60 * MINUTE)).toEqual({ isUnserved: true, inMs: 30_000 });
  });
});
