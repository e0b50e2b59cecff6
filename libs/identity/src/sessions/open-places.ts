import { MmdbPlaces } from './mmdb-places.js';
import { NoPlaces, Places } from './places.js';
import { PlacesConfig } from './places.config.js';

/** Who knows places, as a provider of Nest. */
export const PLACES = {
  provide: Places,
  useFactory: ({ file }: PlacesConfig): Places => (file ? new MmdbPlaces(file) : new NoPlaces()),
  inject: [PlacesConfig],
};
