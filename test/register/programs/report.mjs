// Says whether the process is on napi-tls, as an ES module sees it: "NAME true".

import { Server } from 'node:https';
import tls, { connect } from 'node:tls';
import ours from 'napi-tls';

const isOurs = connect === ours.connect && tls.connect === connect;
console.log(process.argv[2] ?? 'main', isOurs && Server.prototype instanceof ours.Server);
