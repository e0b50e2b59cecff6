import { z } from 'zod';
import { configOf, setting } from '#platform';

/** What is known of where addresses are. */
export class PlacesConfig extends configOf('places', {
  file: setting(
    'GEOIP_FILE',
    z.string().min(1).optional(),
    'A file in MaxMind’s format (GeoLite2-City, DB-IP City Lite ...) that tells where sessions come from; no places unless given.',
  ),
}) {}
