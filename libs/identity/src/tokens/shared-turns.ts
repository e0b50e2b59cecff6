/**
 * Does a piece of work once for many who ask for the same at once. Nobody is given a turn that began before they
 * asked: what came true in between, the end of a session first, holds for them.
 */
export class SharedTurns<T> {
  private readonly running = new Map<string, Promise<T>>();
  private readonly waiting = new Map<string, Promise<T>>();

  run(key: string, work: () => Promise<T>): Promise<T> {
    const waiting = this.waiting.get(key);
    if (waiting) return waiting;
    const running = this.running.get(key);
    if (!running) return this.begin(key, work);
    const next = running.then(noMatter, noMatter).then(() => {
      this.waiting.delete(key);
      return this.begin(key, work);
    });
    this.waiting.set(key, next);
    return next;
  }

  private begin(key: string, work: () => Promise<T>): Promise<T> {
    const turn = work().finally(() => {
      if (this.running.get(key) === turn) this.running.delete(key);
    });
    this.running.set(key, turn);
    return turn;
  }
}

const noMatter = () => undefined;
