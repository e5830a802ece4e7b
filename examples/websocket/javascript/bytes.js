// Sends a file to itself through `sotto serve`, in bytes: all numbers are big-endian.
//
//   npm install
//   node bytes.js FILE [ws://127.0.0.1:1977]

import { readFile } from 'node:fs/promises';
import { connect } from './sotto.js';

const [SEND, SELF_ADDRESS_REQUEST] = [0, 3];
const [ERROR, RECEIVED, SELF_ADDRESS, LANE_QUEUE_LENGTH] = [0, 1, 2, 3];

const [file, url] = process.argv.slice(2);
const sotto = await connect(url);

/** The rest of what is told next of this kind. */
async function receive(kind) {
  for (;;) {
    const told = Buffer.from(await sotto.next());
    if (told[0] === ERROR) throw new Error(`error ${told[1]}: ${told.subarray(10)}`);
    if (told[0] === kind) return told.subarray(1);
  }
}

/** A number of eight bytes. */
function number(value) {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
}

sotto.send(Buffer.from([SELF_ADDRESS_REQUEST]));
const address = await receive(SELF_ADDRESS);

const data = await readFile(file);
// A connection id has the queue's length told after each send.
const connectionId = 7;
sotto.send(Buffer.concat([Buffer.from([SEND]), address, number(connectionId), number(data.length), data]));
const queue = await receive(LANE_QUEUE_LENGTH);
console.log(`connection ${queue.readBigUInt64BE(0)}: ${queue.readBigUInt64BE(8)} packets to go`);

const received = await receive(RECEIVED);
const rest = received.subarray(received[0] ? 17 : 1);
const message = rest.subarray(8, 8 + Number(rest.readBigUInt64BE(0)));
console.log(`received ${message.length} bytes,`, message.equals(data) ? 'the same' : 'others');

sotto.close();
