// Writes to itself through `sotto serve`: once openly, once anonymously, and answers that.
//
//   npm install
//   node hello.js [ws://127.0.0.1:1977]

import { connect } from './sotto.js';

const sotto = await connect(process.argv[2]);

const ask = (type, fields = {}) => sotto.send(JSON.stringify({ type, ...fields }));

/** What is told next of this type. */
async function receive(type) {
  for (;;) {
    const told = await sotto.next();
    // It was here before our first request. Until that, sotto speaks in bytes.
    if (typeof told !== 'string') continue;
    const message = JSON.parse(told);
    if (message.type === 'error') throw new Error(message.message);
    if (message.type === type) return message;
  }
}

ask('selfAddress');
const { address } = await receive('selfAddress');
console.log('I am', address);

ask('send', { recipient: address, message: 'Hello, me!' });
console.log('received:', (await receive('received')).message);

// The recipient sees a tag instead of an address, and can answer it.
ask('sendAnonymous', { recipient: address, message: 'Who am I?', replySurbs: 10 });
const question = await receive('received');
console.log('received:', question.message, 'from', question.senderTag);

ask('reply', { senderTag: question.senderTag, message: 'Nobody knows.' });
console.log('received:', (await receive('received')).message);

sotto.close();
