'use strict';

const { test } = require('./processes');

describe('nodemailer and smtp-server under napi-tls/register', () => {
  for (const secure of [false, true]) {
    const act = async (world) => {
      const { assert, assertCarried, ca, certs, given, identity, listen, require, sockets, text } =
        world;
      const { createTransport } = require('nodemailer');
      const { SMTPServer } = require('smtp-server');
      const mails = [];
      const smtp = new SMTPServer({
        ...{ ...identity, secure: given.secure, ca, requestCert: true, rejectUnauthorized: true },
        onAuth: ({ username, password }, session, callback) =>
          callback(null, password === 'sesame' && session.secure ? { user: username } : {}),
        async onData(stream, { user, secure, tlsOptions }, callback) {
          mails.push({ user, secure, tlsOptions, content: await text(stream) });
          callback();
        },
      });
      const port = await listen(smtp.server);
      const options = {
        ...{ host: 'localhost', port, secure: given.secure, requireTLS: true },
        auth: { user: 'user', pass: 'sesame' },
      };
      const transport = createTransport({
        ...{ ...options, pool: true, maxConnections: 3 },
        tls: { ca, ...certs.identity('client') },
      });
      const mail = (i, content) => ({
        ...{ from: 'a@example.org', to: 'b@example.org', subject: `mail ${i}`, text: 'hello' },
        attachments: [{ filename: 'file', content }],
      });
      const attachments = Array.from({ length: 9 }, (_, i) => Buffer.alloc(i * 100_000, i));
      await Promise.all(attachments.map((content, i) => transport.sendMail(mail(i, content))));
      assert.equal(mails.length, 9);
      for (const [i, attachment] of attachments.entries()) {
        const { content, ...session } = mails.find((one) => one.content.includes(`mail ${i}\r`));
        assert.equal(session.user, 'user');
        assert.equal(session.secure, true);
        assert.equal(session.tlsOptions.version, 'TLSv1.3');
        const encoded = attachment.toString('base64');
        assert.ok(content.replaceAll('\r\n', '').includes(encoded), `attachment ${i}`);
      }
      assert.equal(sockets.length, 3);
      const peers = [...smtp.connections].map((connection) => connection._socket);
      for (const socket of [...sockets, ...peers]) assertCarried(socket);
      assert.ok(peers.every((peer) => peer.authorized));
      transport.close();

      // It tells of every client that goes away during the handshake.
      smtp.on('error', () => {});
      const attempt = (tls) => createTransport({ ...options, tls }).verify();
      const client = certs.identity('client');
      await assert.rejects(attempt({ ...client, ca: certs.read('other-ca-cert.pem') }), {
        message: /self-signed certificate in certificate chain/,
      });
      await assert.rejects(attempt({ ...client, ca, servername: 'example.org' }), {
        message: /does not match certificate's altnames/,
      });
      // The server does not trust the client.
      await assert.rejects(attempt({ ...certs.identity('client-other'), ca }));
    };
    const way = secure ? 'over implicit TLS' : 'after STARTTLS';
    test(`send mail ${way}`, act, () => ({ secure }));
  }
});
