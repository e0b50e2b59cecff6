/** Calls back once after so many ms, gives what calls it off. */
export type After = (ms: number, work: () => void) => () => void;

/** Ends an exchange when its time is over, or when its caller has had enough. */
export class TimeLimit {
  isOver = false;
  private readonly stop = new AbortController();
  private readonly abort = () => this.stop.abort();
  private callOff: () => void;

  constructor(
    private readonly ms: number,
    private readonly after: After,
    private readonly caller?: AbortSignal,
  ) {
    this.callOff = this.begin();
    caller?.addEventListener('abort', this.abort, { once: true });
    if (caller?.aborted) this.abort();
  }

  /** By its caller. */
  get isCalledOff(): boolean {
    return this.caller?.aborted === true;
  }

  get signal(): AbortSignal {
    return this.stop.signal;
  }

  /** The whole time anew: something has come. */
  again(): void {
    this.callOff();
    this.callOff = this.begin();
  }

  /** Until `again`. */
  pause(): void {
    this.callOff();
  }

  end(): void {
    this.callOff();
    this.caller?.removeEventListener('abort', this.abort);
  }

  private begin(): () => void {
    return this.after(this.ms, () => {
      this.isOver = true;
      this.abort();
    });
  }
}

export function afterMs(ms: number, work: () => void): () => void {
  const timer = setTimeout(work, ms);
  return () => clearTimeout(timer);
}

/** Waits so long, or until it is called off. */
export function pause(ms: number, after: After, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      callOff();
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const callOff = after(ms, done);
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
  });
}
