import { portInUse } from './parts/product.js';
import { databaseUrls, inDatabase, productSettings, readChoices } from './settings.js';

const passwords = { app: 'a', system: 's', migrator: 'm' };

describe('what the caller brings', () => {
  it('is nothing by default', () => {
    expect(readChoices({})).toEqual({
      host: '127.0.0.1',
      port: 3000,
      databaseAdminUrl: undefined,
      redisUrl: undefined,
      firebaseUrl: undefined,
      ownMail: false,
      ownStripe: false,
    });
  });

  it('replaces a part of ours', () => {
    expect(
      readChoices({
        DATABASE_URL: 'postgres://u@db/x',
        REDIS_URL: 'redis://r',
        SMTP_URL_FILE: '/smtp',
        STRIPE_SECRET_KEY_FILE: '/stripe',
        PORT: '0',
      }),
    ).toMatchObject({
      port: 0,
      databaseAdminUrl: 'postgres://u@db/x',
      redisUrl: 'redis://r',
      ownMail: true,
      ownStripe: true,
    });
  });

  it.each([
    [{ FIREBASE_PROJECT_ID: 'p' }, undefined],
    [{ FIREBASE_CREDENTIALS: '{}' }, undefined],
    [
      { FIREBASE_PROJECT_ID: 'p', FIREBASE_CREDENTIALS_FILE: '/key.json' },
      'https://identitytoolkit.googleapis.com',
    ],
    [{ FIREBASE_PROJECT_ID: 'p', FIREBASE_AUTH_EMULATOR_HOST: '127.0.0.1:9099' }, 'http://127.0.0.1:9099'],
  ])('is a Firebase only with a project and a way in: %j', (caller, expected) => {
    expect(readChoices(caller).firebaseUrl).toBe(expected);
  });

  it.each(['http', '-1', '70000', '3.5'])('is not the port "%s"', (PORT) => {
    expect(() => readChoices({ PORT })).toThrow(`PORT must be a number from 0 to 65535; it is "${PORT}".`);
  });
});

describe('the connections to the database', () => {
  it('are one for each role, on the server and with the options of the administrator', () => {
    expect(databaseUrls('postgres://root:pw@db:5433/postgres?sslmode=require', passwords)).toEqual({
      DATABASE_ADMIN_URL: 'postgres://root:pw@db:5433/postgres?sslmode=require',
      DATABASE_URL: 'postgres://gatehouse_app:a@db:5433/gatehouse?sslmode=require',
      DATABASE_SYSTEM_URL: 'postgres://gatehouse_system:s@db:5433/gatehouse?sslmode=require',
      DATABASE_MIGRATOR_URL: 'postgres://gatehouse_migrator:m@db:5433/gatehouse?sslmode=require',
    });
  });

  it('lead to the database that the administrator names', () => {
    expect(databaseUrls('postgres://root@db/mine', passwords).DATABASE_URL).toBe(
      'postgres://gatehouse_app:a@db/mine',
    );
    expect(inDatabase('postgres://root@db/postgres', 'gatehouse')).toBe('postgres://root@db/gatehouse');
  });
});

describe("the product's settings", () => {
  it('are ours over the caller, for what runs here', () => {
    expect(
      productSettings(
        { PATH: '/bin', REDIS_URL_FILE: '/r', DATABASE_SYSTEM_URL: 'stale', ENV: 'production' },
        { REDIS_URL: 'ours', DATABASE_SYSTEM_URL: 'ours' },
        {},
      ),
    ).toEqual({ PATH: '/bin', REDIS_URL: 'ours', DATABASE_SYSTEM_URL: 'ours', ENV: 'local' });
  });

  it("leave the caller's secrets alone, also those in files", () => {
    const secrets = { AUTH_SIGNING_KEY: 'made', COMMIT_KEY: 'made', SECRETS_KEY: 'made' };
    expect(productSettings({ AUTH_SIGNING_KEY: 'own', COMMIT_KEY_FILE: '/key' }, {}, secrets)).toEqual({
      AUTH_SIGNING_KEY: 'own',
      COMMIT_KEY_FILE: '/key',
      SECRETS_KEY: 'made',
      ENV: 'local',
    });
  });
});

it('says which port is in use and how to choose another', () => {
  expect(portInUse(3000).message).toBe(
    'Port 3000 is in use by another program. Stop that one, or choose another port: PORT=3001 npm start',
  );
});
