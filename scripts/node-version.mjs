// Stops with a clear sentence when Node is too old; imported before anything that an old Node might not understand.
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(
    `Node ${process.versions.node} is too old: Snap! Communicator needs Node 20.19 or later (https://nodejs.org).`,
  );
  process.exit(1);
}
