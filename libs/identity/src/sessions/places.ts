/** Where an address is (S2-55). A provider of GeoIP data is plugged in by providing another class. */
export abstract class Places {
  /** "Berlin, DE", as people recognise it; null for what is not known. Never throws. */
  abstract of(address: string): Promise<string | null>;
}

/** Knows no place and says so: an invented one would make people end the wrong session. */
export class NoPlaces extends Places {
  override async of(): Promise<null> {
    return null;
  }
}
