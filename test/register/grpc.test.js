'use strict';

const { test } = require('./processes');

describe('@grpc/grpc-js under napi-tls/register', () => {
  test('calls, streams both ways, and sees the certificate of the client', async (world) => {
    const { assert, assertCarried, ca, certs, identity, once, require } = world;
    const { promisify } = require('node:util');
    const grpc = require('@grpc/grpc-js');
    const method = (name, requestStream, responseStream) => ({
      ...{ path: `/test.Echo/${name}`, requestStream, responseStream },
      ...{ requestSerialize: Buffer.from, requestDeserialize: Buffer.from },
      ...{ responseSerialize: Buffer.from, responseDeserialize: Buffer.from },
    });
    const definition = {
      call: method('call', false, false),
      collect: method('collect', true, false),
      spread: method('spread', false, true),
      echo: method('echo', true, true),
    };
    const peers = new Set();
    const server = new grpc.Server({ 'grpc.max_receive_message_length': -1 });
    server.addService(definition, {
      call(call, callback) {
        const { transportSecurityType, sslPeerCertificate } = call.getAuthContext();
        peers.add(`${transportSecurityType} ${sslPeerCertificate.subject.CN}`);
        callback(null, call.request);
      },
      collect(call, callback) {
        const chunks = [];
        call.on('data', (chunk) => chunks.push(chunk));
        call.on('end', () => callback(null, Buffer.concat(chunks)));
      },
      spread(call) {
        for (const byte of call.request) call.write(Buffer.alloc(50_000, byte));
        call.end();
      },
      echo: (call) => call.pipe(call),
    });
    const pairs = [{ private_key: identity.key, cert_chain: identity.cert }];
    const credentials = grpc.ServerCredentials.createSsl(ca, pairs, true);
    const port = await promisify(server.bindAsync).call(server, '127.0.0.1:0', credentials);

    const { key, cert } = certs.identity('client');
    const Client = grpc.makeGenericClientConstructor(definition, 'test.Echo');
    const client = new Client(`localhost:${port}`, grpc.credentials.createSsl(ca, key, cert), {
      'grpc.max_receive_message_length': -1,
    });
    const call = promisify(client.call).bind(client);
    const requests = Array.from({ length: 50 }, (_, i) => Buffer.alloc(i * 1000, i));
    assert.deepEqual(await Promise.all(requests.map((request) => call(request))), requests);
    const large = Buffer.alloc(8 * 1024 * 1024 + 3, 'large');
    assert.ok((await call(large)).equals(large));
    assert.deepEqual([...peers], ['ssl client']);

    const collected = new Promise((resolve, reject) => {
      const stream = client.collect((error, all) => (error ? reject(error) : resolve(all)));
      for (const request of requests) stream.write(request);
      stream.end();
    });
    assert.ok((await collected).equals(Buffer.concat(requests)));

    const spread = [];
    for await (const chunk of client.spread(Buffer.from([1, 2, 3]))) spread.push(chunk);
    assert.deepEqual(
      spread,
      [1, 2, 3].map((byte) => Buffer.alloc(50_000, byte)),
    );

    const echo = client.echo();
    for (const request of requests) {
      echo.write(request);
      const [answer] = await once(echo, 'data');
      assert.ok(request.equals(answer));
    }
    echo.end();
    await once(echo, 'end');

    const { sockets } = world;
    assert.ok(sockets.length >= 1);
    for (const socket of sockets) assertCarried(socket);
    client.close();
    server.forceShutdown();
  });

  test('is unavailable where either side does not trust the other', async (world) => {
    const { assert, ca, certs, identity, require } = world;
    const { promisify } = require('node:util');
    const grpc = require('@grpc/grpc-js');
    const server = new grpc.Server();
    const pairs = [{ private_key: identity.key, cert_chain: identity.cert }];
    const credentials = grpc.ServerCredentials.createSsl(ca, pairs, true);
    const port = await promisify(server.bindAsync).call(server, '127.0.0.1:0', credentials);
    const attempt = (host, ...credentials) => {
      const client = new grpc.Client(`${host}:${port}`, grpc.credentials.createSsl(...credentials));
      const call = promisify(client.makeUnaryRequest).bind(client);
      return call('/test.Echo/call', Buffer.from, Buffer.from, Buffer.alloc(0)).finally(() =>
        client.close(),
      );
    };
    const unavailable = (details) => ({ code: grpc.status.UNAVAILABLE, details });
    const { key, cert } = certs.identity('client');
    const other = certs.identity('client-other');
    await assert.rejects(
      attempt('localhost', certs.read('other-ca-cert.pem'), key, cert),
      unavailable(/self-signed certificate in certificate chain/),
    );
    await assert.rejects(attempt('localhost', ca), unavailable(/./));
    await assert.rejects(attempt('localhost', ca, other.key, other.cert), unavailable(/./));
    // It comes to the method, which does not exist, where all is right.
    await assert.rejects(attempt('localhost', ca, key, cert), {
      code: grpc.status.UNIMPLEMENTED,
    });
    server.forceShutdown();
  });
});
