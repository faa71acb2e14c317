'use strict';

const Scene = require('./conformance/scene');
const tls = require('..');
const { NativeTransport } = require('../lib/native-transport');

const kTimeout = 10_000; // milliseconds for one case

/**
 * Defines a mocha suite for each transport: ciphertext through libuv's handle in C++, and through a
 * stream in JavaScript. The results have to be the same.
 *
 * @param {string} name
 * @param {(test: (title: string, act: (scene: Scene) => Promise<void>) => void, transport: string) => void}
 *   body calls `test` for each case; all that the scene has opened is closed after it, without a leak
 * @param {string[]} [transports]
 */
function transports(name, body, which = ['native', 'stream']) {
  for (const transport of which) {
    describe(`${name} [${transport} transport]`, function () {
      this.timeout(kTimeout);
      const { isEnabled } = NativeTransport;
      before(() => {
        NativeTransport.isEnabled = transport === 'native';
      });
      after(() => {
        NativeTransport.isEnabled = isEnabled;
      });

      const test = (title, act) =>
        it(title, async function () {
          const scene = new Scene(tls, tls);
          try {
            await act.call(this, scene);
          } finally {
            await scene.close();
          }
        });
      body(test, transport);
    });
  }
}

module.exports = { transports };
