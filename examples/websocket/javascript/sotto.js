/** `sotto serve` as a program sees it: what it is asked, and what it tells. */

// In Node.js 22 and later a WebSocket needs no package.
const WebSocket = globalThis.WebSocket ?? (await import('ws')).default;

/** Connects to it. What is told waits until it is asked for. */
export async function connect(url = 'ws://127.0.0.1:1977') {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const told = [];
  let wake = () => {};
  for (const event of ['message', 'close', 'error']) {
    socket.addEventListener(event, ({ data }) => {
      told.push(data);
      wake();
    });
  }
  await new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('close', () => reject(new Error(`cannot connect to ${url}`)));
  });
  return {
    send: (data) => socket.send(data),
    close: () => socket.close(),
    /** What is told next: a string or an ArrayBuffer. */
    async next() {
      while (told.length === 0) await new Promise((resolve) => (wake = resolve));
      const data = told.shift();
      if (data === undefined) throw new Error('sotto has closed the connection');
      return data;
    },
  };
}
