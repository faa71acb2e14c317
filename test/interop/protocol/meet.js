'use strict';

/** One end of a connection is tls, core's or ours; the other is a peer that a test tells what to say. */

const assert = require('node:assert/strict');
const { X509Certificate, createPrivateKey } = require('node:crypto');
const { once } = require('node:events');
const certs = require('../../certs');
const { topic } = require('../../conformance/pairings');
const { describeError } = require('../../conformance/scene');
const { ClientPeer } = require('./client-peer');
const { ServerPeer } = require('./server-peer');
const { ContentType } = require('./wire');

/** What a peer certifies itself with. */
const own = {
  key: createPrivateKey(certs.read('p256-key.pem')),
  certificate: new X509Certificate(certs.read('p256-cert.pem')).raw,
};

/** @returns {[number, Buffer]} the content of a record */
const data = (text) => [ContentType.applicationData, Buffer.from(text)];

/**
 * What one end makes of the other.
 * @typedef {object} Outcome
 * @property {unknown} answer - what the peer's part has returned
 * @property {string} alert - the first that the peer has got, or 'end'
 * @property {object} [error] - the first that tls has reported
 * @property {boolean} isSecure - whether the handshake was done for tls
 * @property {string} received - the data that tls has handed on
 */

/** Resolves with the first error of a socket; with none when it is closed. */
function follow(socket, outcome) {
  outcome.isSecure = true;
  socket.on('data', (chunk) => (outcome.received += chunk));
  return new Promise((resolve) => {
    socket.on('error', (error) => resolve(describeError(error)));
    socket.on('close', () => resolve(undefined));
  });
}

async function finish(peer, act, outcome, settled) {
  outcome.answer = await act(peer);
  outcome.alert = await peer.alert();
  peer.end();
  outcome.error = await settled;
  return outcome;
}

/** @returns {Promise<Outcome>} of a tls server that meets a ClientPeer */
async function meetServer(scene, options, act) {
  const outcome = { isSecure: false, received: '' };
  const server = await scene.listen(options);
  const settled = new Promise((resolve) => {
    server.on('tlsClientError', (error) => resolve(describeError(error)));
    server.on('secureConnection', (far) => resolve(follow(far, outcome)));
  });
  return finish(new ClientPeer(await scene.connectRaw(server)), act, outcome, settled);
}

/** @returns {Promise<Outcome>} of a tls client that meets a ServerPeer */
async function meetClient(scene, options, act) {
  const outcome = { isSecure: false, received: '' };
  const server = await scene.listenRaw(() => {});
  const accepted = once(server, 'connection');
  const near = scene.connect(server, options);
  const settled = follow(near, outcome);
  outcome.isSecure = false;
  near.on('secureConnect', () => (outcome.isSecure = true));
  const [socket] = await accepted;
  return finish(new ServerPeer(socket, own), act, outcome, settled);
}

/** A topic of cases whose outcome is checked against their last element, and is core's. */
function meetings(name, meet, cases, check) {
  topic.api(name, (test) => {
    for (const [title, options, act, expected] of cases) {
      test.observe(
        title,
        (scene) => meet(scene, options, act),
        (outcome) => check(outcome, expected),
      );
    }
  });
}

/**
 * A topic of things that tls refuses, as core does.
 * @param {string} name
 * @param {typeof meetServer} meet
 * @param {Array<[string, object, Function, string | string[]]>} cases - title, options of tls, what the peer does, and
 *   the alert that it gets: where there are two, that of earlier releases and of later ones
 */
function refusals(name, meet, cases) {
  meetings(name, meet, cases, (outcome, alert) => {
    assert([alert].flat().includes(outcome.alert), JSON.stringify(outcome));
    assert.match(outcome.error.code, /^ERR_SSL_/);
    assert.equal(outcome.received, '');
  });
}

/**
 * A topic of things that tls accepts, as core does.
 * @param {string} name
 * @param {typeof meetServer} meet
 * @param {Array<[string, object, Function, Partial<Outcome>]>} cases - title, options of tls, what the peer does, and
 *   what is expected of the outcome
 */
function acceptances(name, meet, cases) {
  meetings(name, meet, cases, (outcome, expected) => {
    for (const [property, value] of Object.entries(expected)) {
      assert.deepEqual(outcome[property], value, JSON.stringify(outcome));
    }
  });
}

module.exports = { acceptances, data, meetClient, meetServer, own, refusals };
