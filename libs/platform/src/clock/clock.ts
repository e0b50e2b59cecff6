/** Tells the time. Injected wherever time decides, so that tests can choose it. */
export abstract class Clock {
  /** The present instant, UTC. */
  abstract now(): Date;
}

export class SystemClock extends Clock {
  now(): Date {
    return new Date();
  }
}

/** A clock that stands still until it is told to move. For tests and faked time. */
export class ManualClock extends Clock {
  constructor(private instant: Date = new Date('2026-01-01T00:00:00Z')) {
    super();
  }

  now(): Date {
    return new Date(this.instant);
  }

  /** Moves by `ms` milliseconds; negative sets the clock back. */
  advance(ms: number): void {
    this.instant = new Date(this.instant.getTime() + ms);
  }

  set(instant: Date): void {
    this.instant = new Date(instant);
  }
}
