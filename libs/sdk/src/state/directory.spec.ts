import { stateDirectory } from './directory.js';

describe('the state directory', () => {
  it.each([
    ['linux', {}, '/home/ada/.local/state/gatehouse'],
    ['linux', { XDG_STATE_HOME: '/var/state' }, '/var/state/gatehouse'],
    ['linux', { XDG_STATE_HOME: 'relative' }, '/home/ada/.local/state/gatehouse'],
    ['linux', { XDG_STATE_HOME: '' }, '/home/ada/.local/state/gatehouse'],
    ['darwin', { XDG_STATE_HOME: '/var/state' }, '/home/ada/Library/Application Support/gatehouse'],
    ['win32', { LOCALAPPDATA: 'D:\\Local' }, 'D:\\Local\\gatehouse'],
  ] as const)('of %s with %j is %s', (platform, variables, expected) => {
    expect(stateDirectory({ platform, variables, home: '/home/ada' })).toBe(expected);
  });

  it('of Windows without the variable is where it would be', () => {
    const directory = stateDirectory({ platform: 'win32', variables: {}, home: 'C:\\Users\\ada' });
    expect(directory).toBe('C:\\Users\\ada\\AppData\\Local\\gatehouse');
  });

  it('is named after the application', () => {
    expect(stateDirectory({ platform: 'linux', variables: {}, home: '/h', application: 'acme' })).toBe(
      '/h/.local/state/acme',
    );
  });

  it.each(['', '..', '../x', 'a/b', 'a\\b', '.hidden', 'x'.repeat(65)])(
    'takes no name like %j',
    (application) => {
      expect(() => stateDirectory({ application })).toThrow(TypeError);
    },
  );

  it('is whatever is asked for', () => {
    expect(stateDirectory({ directory: '/anywhere' })).toBe('/anywhere');
  });

  it('is somewhere without being told anything', () => {
    expect(stateDirectory()).toMatch(/gatehouse$/);
  });
});
