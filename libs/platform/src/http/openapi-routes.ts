import 'reflect-metadata';
import { type DynamicModule, RequestMethod, type Type } from '@nestjs/common';
import {
  METHOD_METADATA,
  MODULE_METADATA,
  PATH_METADATA,
  ROUTE_ARGS_METADATA,
  RouteParamtypes,
} from '@nestjs/common/internal';
import { ENDPOINT, type EndpointOptions } from './endpoint.js';
import { toSnake } from './names.js';
import { Wire, wire } from './wire.js';

/** A route as its controller declares it. */
export interface DeclaredRoute {
  /** `GET`, `POST` ... */
  method: string;
  /** In full, parameters as `:name`. */
  path: string;
  /** `<controller>_<method>` in snake_case: stable while the two keep their names. */
  operationId: string;
  endpoint: EndpointOptions;
  body?: Wire;
  query: Record<string, Wire>;
  params: Record<string, Wire>;
  /** What keeps it from being served: a sentence each. */
  faults: string[];
}

type Module = Type | DynamicModule | { forwardRef: () => Module } | Promise<DynamicModule>;

/** Every controller of a module and of what it imports, without starting any of them. */
export async function controllersOf(root: Module): Promise<Type[]> {
  const seen = new Set<unknown>();
  const controllers = new Set<Type>();
  const visit = async (given: Module): Promise<void> => {
    const one = await given;
    if (seen.has(one)) return;
    seen.add(one);
    if ('forwardRef' in one) return visit(one.forwardRef());
    const dynamic = 'module' in one ? one : undefined;
    const metatype = dynamic ? dynamic.module : (one as Type);
    const declared = <T>(key: string): T[] => (Reflect.getMetadata(key, metatype) as T[] | undefined) ?? [];
    for (const controller of [
      ...declared<Type>(MODULE_METADATA.CONTROLLERS),
      ...(dynamic?.controllers ?? []),
    ]) {
      controllers.add(controller);
    }
    const imports = [...declared<Module>(MODULE_METADATA.IMPORTS), ...((dynamic?.imports ?? []) as Module[])];
    for (const imported of imports) await visit(imported);
  };
  await visit(root);
  return [...controllers];
}

/** The routes of controllers, sorted by path and method. */
export function declaredRoutes(controllers: Iterable<Type>): DeclaredRoute[] {
  return [...controllers]
    .flatMap(routesOfController)
    .sort((a, b) => compare(a.path, b.path) || compare(a.method, b.method));
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function routesOfController(controller: Type): DeclaredRoute[] {
  const bases = [Reflect.getMetadata(PATH_METADATA, controller) as string | string[]].flat();
  const prototype = controller.prototype as Record<string, unknown>;
  const routes: DeclaredRoute[] = [];
  for (const name of methodNames(prototype)) {
    const handler = prototype[name] as object;
    const paths = Reflect.getMetadata(PATH_METADATA, handler) as string | string[] | undefined;
    if (paths === undefined) continue;
    const method = RequestMethod[Reflect.getMetadata(METHOD_METADATA, handler) as RequestMethod] ?? 'GET';
    const inputs = inputsOf(controller, name);
    for (const base of bases) {
      for (const path of [paths].flat()) {
        routes.push({
          method,
          path: joined(base, path),
          operationId: `${toSnake(lowerFirst(controller.name.replace(/Controller$/, '')))}_${toSnake(name)}`,
          endpoint: Reflect.getMetadata(ENDPOINT, handler) as EndpointOptions,
          ...inputs,
        });
      }
    }
  }
  return routes;
}

function methodNames(prototype: object): string[] {
  if (prototype === null || prototype === Object.prototype) return [];
  const own = Object.getOwnPropertyNames(prototype).filter(
    (name) =>
      name !== 'constructor' && typeof Object.getOwnPropertyDescriptor(prototype, name)?.value === 'function',
  );
  return [...own, ...methodNames(Object.getPrototypeOf(prototype) as object)];
}

/** What a handler takes, from Nest's own notes: `<kind>:<index>` -> { data, schema }. */
function inputsOf(
  controller: Type,
  name: string,
): Pick<DeclaredRoute, 'body' | 'query' | 'params' | 'faults'> {
  const notes = (Reflect.getMetadata(ROUTE_ARGS_METADATA, controller, name) ?? {}) as Record<
    string,
    { data?: unknown; schema?: unknown }
  >;
  const inputs: ReturnType<typeof inputsOf> = { query: {}, params: {}, faults: [] };
  for (const [note, { data, schema }] of Object.entries(notes)) {
    const kind = Number(note.split(':', 1)[0]) as RouteParamtypes;
    const decorator = DECORATOR_OF_KIND[kind];
    if (!decorator) continue;
    if (!(schema instanceof Wire)) {
      inputs.faults.push(
        `${decorator} of ${controller.name}.${name} needs { schema: wire(...) }: what it takes is not checked.`,
      );
    } else if (kind === RouteParamtypes.BODY) {
      inputs.body = schema;
    } else {
      const into = kind === RouteParamtypes.QUERY ? inputs.query : inputs.params;
      if (typeof data === 'string') into[data] = schema;
      else Object.assign(into, fieldsOf(schema));
    }
  }
  return inputs;
}

const DECORATOR_OF_KIND: Partial<Record<RouteParamtypes, string>> = {
  [RouteParamtypes.BODY]: '@Body()',
  [RouteParamtypes.QUERY]: '@Query()',
  [RouteParamtypes.PARAM]: '@Param()',
};

/** The fields of an object's schema by their wire names. */
function fieldsOf(given: Wire): Record<string, Wire> {
  const def = given.schema._zod.def as { type: string; shape?: Record<string, Wire['schema']> };
  if (!def.shape) throw new Error('Parameters of a route need the schema of an object.');
  return Object.fromEntries(Object.entries(def.shape).map(([name, field]) => [toSnake(name), wire(field)]));
}

const joined = (base: string, path: string) =>
  `/${[base, path]
    .flatMap((part) => part.split('/'))
    .filter(Boolean)
    .join('/')}`;

const lowerFirst = (name: string) => name.charAt(0).toLowerCase() + name.slice(1);
