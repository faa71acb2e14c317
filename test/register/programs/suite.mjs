import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connect } from 'node:tls';
import ours from 'napi-tls';

test('is on napi-tls', () => assert.equal(connect, ours.connect));
