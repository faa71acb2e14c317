'use strict';

const assert = require('node:assert/strict');
const { isNamed, verifyIdentity } = require('../../lib/check-server-identity');

describe('the short way of the identity check', () => {
  const hosts = [
    'localhost',
    'a.example',
    'a-b.example-1.org',
    'r3---sn.example',
    'A.example',
    'a.example.',
    'a..example',
    '.example',
    'xn--bcher-kva.example',
    'a.xn--bcher-kva',
    'xn--.example',
    'bücher.example',
    '*.example',
    'a b.example',
    'a.example, DNS:b.example',
    '127.0.0.1',
    '1.2.3',
    '0x7f.1',
    '0x7f000001',
    'a.1',
    'a.0x1',
    '::1',
    '',
    `${'a'.repeat(63)}.example`,
    `${'a'.repeat(64)}.example`,
    `${'a.'.repeat(200)}example`,
    undefined,
    1,
  ];
  // As the native side gives them: without quoted names.
  const lists = [
    undefined,
    ...hosts.filter((host) => typeof host === 'string' && !host.includes(',')),
  ].map((name) => name && `DNS:${name}`);

  it('finds no name that the check itself would not find', () => {
    let found = 0;
    for (const host of hosts) {
      for (const name of lists) {
        for (const altNames of [name, `DNS:x.example, ${name}`, `${name}, IP Address:127.0.0.1`]) {
          if (!isNamed(host, altNames)) continue;
          found++;
          assert.equal(verifyIdentity(host, { subjectaltname: altNames }), undefined);
        }
      }
    }
    assert.equal(found, 3 * 5);
  });

  it('takes no part of a name for a name', () => {
    for (const altNames of ['DNS:b.a.example', 'DNS:a.example.org', 'IP Address:a.example', '']) {
      assert.equal(isNamed('a.example', altNames), false);
    }
  });
});
