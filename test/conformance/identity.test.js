'use strict';

const assert = require('node:assert/strict');
const { topic } = require('./pairings');
const { describeError } = require('./scene');

const cn = (name) => ({ subject: { CN: name } });
const alt = (names, name) => ({
  subject: name === undefined ? {} : { CN: name },
  subjectaltname: names,
});

// [host, certificate, does it match?] (undefined: releases of Node differ)
const cases = [
  // Common names
  ['a.com', cn('a.com'), true],
  ['a.com', cn('A.COM'), true],
  ['A.com', cn('a.com'), true],
  ['a.com', cn('b.com'), false],
  ['a.com.', cn('a.com'), true],
  ['a.com', cn('a.com.'), true],
  ['a.com', cn('a.co'), false],
  ['a.com', { subject: { CN: ['b.com', 'a.com'] } }, true],
  ['a.com', { subject: { CN: ['b.com', 'c.com'] } }, false],
  ['a.com', { subject: { CN: '' } }, false],
  ['a.com', { subject: {} }, false],
  ['a.com', { subject: { CN: undefined } }, false],
  ['a.com', {}, false],
  ['a.com', { subject: null }, false],
  ['', cn(''), false],
  ['localhost', cn('localhost'), true],
  ['8.8.8.8', cn('8.8.8.8'), false],
  ['::1', cn('::1'), false],
  // Wildcards
  ['a.example.com', cn('*.example.com'), true],
  ['a.b.example.com', cn('*.example.com'), false],
  ['example.com', cn('*.example.com'), false],
  ['.example.com', cn('*.example.com'), true],
  ['a.example.com', cn('*.EXAMPLE.com'), true],
  ['b.a.com', cn('*b.a.com'), true],
  ['ab.a.com', cn('*b.a.com'), true],
  ['bb.a.com', cn('b*b.a.com'), true],
  ['bxb.a.com', cn('b*b.a.com'), true],
  ['bx.a.com', cn('b*b.a.com'), false],
  ['b.a.com', cn('b*.a.com'), true],
  ['bcd.a.com', cn('b*.a.com'), true],
  ['a.com', cn('*'), false],
  ['com', cn('*'), false],
  ['a.com', cn('*.com'), false],
  ['a.co.uk', cn('*.co.uk'), true],
  ['a.b.com', cn('*.*.com'), false],
  ['a.b.com', cn('a.*.com'), false],
  ['x.a.com', cn('**.a.com'), false],
  ['xn--a.a.com', cn('*.a.com'), undefined],
  ['xn--ab.a.com', cn('xn--*.a.com'), false],
  ['xn--ab.a.com', cn('*xn--b.a.com'), false],
  ['a.example.com.', cn('*.example.com'), true],
  ['*.example.com', cn('*.example.com'), true],
  ['a.localhost', cn('*.localhost'), false],
  // Alternative names of DNS
  ['a.com', alt('DNS:a.com'), true],
  ['a.com', alt('DNS:A.COM'), true],
  ['a.com', alt('DNS:b.com, DNS:a.com'), true],
  ['a.com', alt('DNS:b.com, DNS:c.com'), false],
  ['a.com', alt('DNS:b.com', 'a.com'), false],
  ['b.com', alt('DNS:b.com', 'a.com'), true],
  ['a.com', alt('URI:http://b.com/', 'a.com'), true],
  ['a.com', alt('IP Address:127.0.0.1', 'a.com'), true],
  ['a.com', alt('email:a@a.com', 'a.com'), true],
  ['a.com', alt('othername:<unsupported>', 'a.com'), true],
  ['a.com', alt('URI:http://a.com/'), false],
  ['a.com', alt('dns:a.com'), false],
  ['a.b.com', alt('DNS:*.b.com'), true],
  ['a.b.c.com', alt('DNS:*.c.com'), false],
  ['a.com', alt('DNS:*.com'), false],
  ['com', alt('DNS:*'), false],
  ['a.com', alt('DNS:*'), false],
  ['a.com.', alt('DNS:a.com'), true],
  ['a.com', alt('DNS:a.com.'), true],
  ['a.com', alt('DNS:'), false],
  ['a.com', alt(''), false],
  ['a.com', alt('', 'a.com'), true],
  ['a.com', alt('DNS:a.com,DNS:b.com'), false],
  ['a.com', alt('DNS: a.com'), false],
  ['bücher.example', alt('DNS:xn--bcher-kva.example'), undefined],
  ['xn--bcher-kva.example', alt('DNS:bücher.example'), false],
  ['a.com', alt('DNS:a.com\0.evil.com'), false],
  ['a.com', alt('DNS:\u212a.com'), false],
  // IP addresses
  ['127.0.0.1', alt('IP Address:127.0.0.1'), true],
  ['127.0.0.1', alt('IP Address:127.0.0.2'), false],
  ['127.0.0.1', alt('DNS:127.0.0.1'), false],
  ['127.0.0.1', alt('DNS:*.0.0.1'), false],
  ['127.0.0.1', alt('', '127.0.0.1'), false],
  ['127.0.0.1', alt('IP Address:127.0.0.2, IP Address:127.0.0.1'), true],
  ['::1', alt('IP Address:::1'), undefined],
  ['::1', alt('IP Address:0:0:0:0:0:0:0:1'), undefined],
  ['2001:DB8::1', alt('IP Address:2001:db8:0:0:0:0:0:1'), undefined],
  ['2001:db8::1', alt('IP Address:2001:DB8:0:0:0:0:0:2'), false],
  ['1.2.3', alt('IP Address:1.2.3'), false],
  ['a.com', alt('IP Address:a.com'), false],
  ['127.0.0.1', alt('URI:http://127.0.0.1/'), false],
  ['0x7f.1', alt('IP Address:127.0.0.1'), undefined],
  // Quoting: names with special characters come as JSON strings
  ['a.com', alt('DNS:"a.com"'), true],
  ['a.com', alt('DNS:"b.com, DNS:a.com"'), false],
  ['a.com', alt('DNS:"good.com\\u0000a.com"'), false],
  ['a.com', alt('URI:"http://b.com/,DNS:a.com"'), false],
  ['a.com', alt('URI:"http://b.com/", DNS:a.com'), true],
  ['a.com', alt('DNS:"\\u0061.com"'), true],
  ['127.0.0.1', alt('IP Address:"127.0.0.1"'), true],
  ['a.com', alt('DNS:"a.com'), undefined],
  ['a.com', alt('DNS:"\\x"'), undefined],
  ['a.com', alt('DNS:a.com"'), false],
  // Odd hosts
  ['', alt('DNS:a.com'), false],
  [undefined, alt('DNS:a.com'), false],
  [null, alt('DNS:null'), true],
  [1, alt('DNS:1'), undefined],
  ['a_b.example.com', alt('DNS:a_b.example.com'), true],
  ['a b.com', alt('DNS:a b.com'), undefined],
  ['-a.com', alt('DNS:-a.com'), true],
  ['a..com', alt('DNS:a..com'), undefined],
  ['a.com..', alt('DNS:a.com'), undefined],
];

/** What the function returns or throws, without its stack. */
function ask(tls, host, cert) {
  try {
    const error = tls.checkServerIdentity(host, cert);
    if (error === undefined) return { matches: true };
    const { reason, host: about, cert: same } = error;
    return { ...describeError(error), reason, host: about, same: same === cert };
  } catch (error) {
    return { thrown: describeError(error) };
  }
}

topic.api('checkServerIdentity', (test) => {
  for (const [host, cert, matches] of cases) {
    const title = `${JSON.stringify(host)} with ${JSON.stringify(cert)}`;
    test.observe(
      matches === undefined
        ? `answers as core for ${title}`
        : `${matches ? 'takes' : 'refuses'} ${title}`,
      ({ tls }) => ask(tls, host, cert),
      (outcome) => {
        assert(
          'matches' in outcome ||
            'thrown' in outcome ||
            outcome.code.startsWith('ERR_TLS_CERT_ALTNAME'),
        );
        if (matches !== undefined) assert.equal(outcome.matches === true, matches);
      },
    );
  }

  test.observe(
    'throws without a certificate',
    ({ tls }) => ask(tls, 'a.com', undefined).thrown.name,
    (name) => assert.equal(name, 'TypeError'),
  );

  test('gives its error the fields reason, host and cert', ({ tls }) => {
    const cert = cn('b.com');
    const error = tls.checkServerIdentity('a.com', cert);
    assert(error instanceof Error);
    assert.equal(error.code, 'ERR_TLS_CERT_ALTNAME_INVALID');
    assert.equal(error.host, 'a.com');
    assert.equal(error.cert, cert);
    assert.equal(
      error.message,
      `Hostname/IP does not match certificate's altnames: ${error.reason}`,
    );
    assert.deepEqual(Object.keys(error).sort(), ['cert', 'code', 'host', 'reason']);
  });
});
