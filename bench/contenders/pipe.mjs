// A relay in Node that looks at nothing: what a sender writes is piped to the receiver. The limit for a daemon in Node.
// With a second port it is a link of a chain: it is the sender of the relay that listens there.
import { connect, createServer } from 'node:net';

const [port, nextPort] = process.argv.slice(2).map(Number);
let receiver;

// The connection whose first line names a service beginning with "rx" is the receiver, the others are senders.
const server = createServer({ noDelay: true }, (socket) => {
  socket.on('error', () => socket.destroy());
  socket.once('data', (chunk) => {
    if (nextPort !== undefined) {
      const next = connect({ port: nextPort, host: '127.0.0.1', noDelay: true });
      next.write('service=tx\n');
      next.once('data', () => socket.pipe(next) && socket.write('READY\n'));
      return;
    }
    socket.write('READY\n');
    if (chunk.includes('service=rx')) {
      receiver = socket;
      socket.resume();
    } else if (receiver !== undefined) socket.pipe(receiver);
  });
});
server.listen({ port, host: '127.0.0.1', backlog: 4096 });
