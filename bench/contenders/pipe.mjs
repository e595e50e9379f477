// A relay in Node that looks at nothing: what a sender writes is piped to the receiver. The limit for a daemon in Node.
import { createServer } from 'node:net';

const port = Number(process.argv[2]);
let receiver;

// The connection whose first line names a service beginning with "rx" is the receiver, the others are senders.
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (chunk) => {
    socket.write('READY\n');
    if (chunk.includes('service=rx')) {
      receiver = socket;
      socket.resume();
    } else if (receiver !== undefined) socket.pipe(receiver);
  });
});
server.listen({ port, host: '127.0.0.1', backlog: 4096 });
