import { controllersOf, declaredRoutes } from '#platform';
import { PagesModule } from '../../apps/api/pages/pages.module.js';

/** The routes of the hosted pages, as their controllers declare them: another page or form is in the tests by being there. */
const routes = declaredRoutes(await controllersOf(PagesModule)).filter(({ endpoint }) => endpoint.page);

const pathsOf = (wanted: (route: (typeof routes)[number]) => boolean): string[] => [
  ...new Set(routes.filter(wanted).map(({ path }) => path)),
];

/** What forms are sent to. */
export const FORMS = pathsOf(({ endpoint }) => endpoint.form === true);

/** What a browser may open: pages, and the ways to a provider and to their files. */
export const OPENED = pathsOf(({ method }) => method === 'GET');
