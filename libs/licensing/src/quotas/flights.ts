/** Work that many ask for at the same moment, done once for all of them: after a loss of Redis everybody asks at once. */
export class Flights {
  private readonly running = new Map<string, Promise<unknown>>();

  /** What the work that runs under this name gives, or that of `work`. */
  async join<T>(name: string, work: () => Promise<T>): Promise<T> {
    const running = this.running.get(name) as Promise<T> | undefined;
    if (running) return running;
    const begun = work().finally(() => this.running.delete(name));
    this.running.set(name, begun);
    return begun;
  }
}
