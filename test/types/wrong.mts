// Every statement is refused, with the code beside it.

import tls, { connect, createServer } from 'napi-tls';
import { register } from 'napi-tls/register';
import { noSuchExport } from 'napi-tls'; // TS2614
import { Server } from 'napi-tls/lib/server.js'; // TS2307

connect({ port: {} }); // TS2769
connect(443, { ALPNProtocols: 'h2' }); // TS2769
createServer({ minVersion: 'TLSv2' }); // TS2769
createServer({ offloadHandshake: 'always' }); // TS2769
tls.connect(443).getCipher().nome; // TS2339
tls.rootCertificates.push('x'); // TS2339
const registered: string = register(); // TS2322
register('again'); // TS2554
void [noSuchExport, Server, registered];
