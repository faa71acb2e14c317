'use strict';

const { once } = require('node:events');
const net = require('node:net');
const { HOST } = require('../connection');
const bulk = require('./bulk');

// The same bulk transfer without TLS, between TLS at both ends: how far it is to the limit.

const cases = [
  {
    name: 'limit, 64 KB writes through net.Socket and TLS',
    unit: 'MB',
    pairs: ['net/net', 'core/core', 'ours/ours'],
    parameters: { sender: 'server', size: 65536 },
  },
];

async function server(implementation, parameters) {
  if (implementation !== net) return bulk.server(implementation, parameters);
  let counter = () => 0;
  const server = net.createServer((socket) => {
    counter = bulk.attach('server', socket, parameters);
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  return { port: server.address().port, count: () => counter() };
}

async function client(implementation, parameters) {
  if (implementation !== net) return bulk.client(implementation, parameters);
  const socket = net.connect(parameters.port, HOST);
  await once(socket, 'connect');
  return { count: bulk.attach('client', socket, parameters) };
}

module.exports = { cases, client, server };
