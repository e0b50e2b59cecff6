/** A place in each of two counts: its user's and its tenant's. */
export interface Place {
  id: string;
  keys: readonly [user: string, tenant: string];
}

/** The places that this process has given away. */
export class PlacesHeld {
  private readonly places = new Map<string, Map<string, Place>>();
  private readonly counts = new Map<string, number>();

  /** Null: taken; else whose count is full. */
  take(
    stream: string,
    place: Place,
    [user, tenant]: readonly [user: number, tenant: number],
  ): 'user' | 'tenant' | null {
    if (this.count(place.keys[0]) >= user) return 'user';
    if (this.count(place.keys[1]) >= tenant) return 'tenant';
    for (const key of place.keys) this.counts.set(key, this.count(key) + 1);
    const held = this.places.get(stream) ?? new Map<string, Place>();
    this.places.set(stream, held.set(place.id, place));
    return null;
  }

  /** False when it was given back before. */
  giveBack(stream: string, { id, keys }: Place): boolean {
    if (!this.places.get(stream)?.delete(id)) return false;
    for (const key of keys) {
      const left = this.count(key) - 1;
      if (left > 0) this.counts.set(key, left);
      else this.counts.delete(key);
    }
    return true;
  }

  total(stream: string): number {
    return this.places.get(stream)?.size ?? 0;
  }

  all(): Place[] {
    return [...this.places.values()].flatMap((held) => [...held.values()]);
  }

  private count(key: string): number {
    return this.counts.get(key) ?? 0;
  }
}
