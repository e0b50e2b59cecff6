import { deviceIdOf, deviceOf, fingerprintOf } from './device.js';

const MOZILLA = 'Mozilla/5.0';
const KHTML = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('a device', () => {
  it.each([
    [
      `${MOZILLA} (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/126.0.0.0 Safari/537.36`,
      'Chrome 126',
      'Windows',
    ],
    [
      `${MOZILLA} (Windows NT 10.0; Win64; x64) ${KHTML} Chrome/126.0.0.0 Safari/537.36 Edg/126.0.2592.61`,
      'Edge 126',
      'Windows',
    ],
    [
      `${MOZILLA} (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15`,
      'Safari 17',
      'macOS',
    ],
    [
      `${MOZILLA} (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Mobile/15E148 Safari/604.1`,
      'Safari 17',
      'iOS',
    ],
    [
      `${MOZILLA} (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/126.0 Mobile/15E148 Safari/604.1`,
      'Chrome 126',
      'iOS',
    ],
    [`${MOZILLA} (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0`, 'Firefox 128', 'Linux'],
    [
      `${MOZILLA} (Linux; Android 14; Pixel 8) ${KHTML} Chrome/126.0.0.0 Mobile Safari/537.36`,
      'Chrome 126',
      'Android',
    ],
    [
      `${MOZILLA} (X11; CrOS x86_64 14541.0.0) ${KHTML} Chrome/126.0.0.0 Safari/537.36 OPR/112.0.0.0`,
      'Opera 112',
      'ChromeOS',
    ],
    ['gatehouse-cli/1.2.3 (linux)', 'gatehouse-cli 1.2', null],
    ['curl/8.7.1', 'curl 8.7', null],
    ['node', null, null],
    [`${MOZILLA} (compatible)`, null, null],
    ['', null, null],
    [null, null, null],
  ])('that says %j', (userAgent, browser, system) => {
    expect(deviceOf(userAgent)).toEqual({ browser, system });
  });

  it('is read in no time, whatever it says', () => {
    for (const text of ['a/'.repeat(50_000), '('.repeat(100_000), `${'x'.repeat(99_999)}/1`])
      expect(deviceOf(text).system).toBeNull();
  });
});

describe('what a device is recognised by', () => {
  const firefox = (version: string) =>
    `${MOZILLA} (X11; Linux x86_64; rv:${version}) Gecko/20100101 Firefox/${version}`;
  const seen = (userAgent: string | null, network = '192.0.2.0/24') =>
    fingerprintOf({ userAgent, deviceId: null }, network).join(' ');

  it('is browser, system and network, whatever the version', () => {
    expect(seen(firefox('128.0'))).toBe('seen Firefox Linux 192.0.2.0/24');
    expect(seen(firefox('129.0'))).toBe(seen(firefox('128.0')));
    expect(seen(firefox('128.0'), '198.51.100.0/24')).not.toBe(seen(firefox('128.0')));
    expect(seen('gatehouse-cli/1.3.0')).toBe(seen('gatehouse-cli/1.2.3'));
    expect(seen(null)).toBe('seen   192.0.2.0/24');
  });

  it('is the id that its client keeps, wherever it is, where that is one', () => {
    const deviceId = deviceIdOf('0f8fad5b-d9cb-469f-a165-70867728950e');
    expect(fingerprintOf({ userAgent: firefox('128.0'), deviceId }, '192.0.2.0/24')).toEqual(
      fingerprintOf({ userAgent: null, deviceId }, 'local'),
    );
    for (const hostile of [
      'short',
      'x'.repeat(129),
      'sixteen letters!',
      'a\0bcdefghijklmnop',
      ['a'.repeat(16)],
      undefined,
    ])
      expect(deviceIdOf(hostile)).toBeNull();
  });
});
