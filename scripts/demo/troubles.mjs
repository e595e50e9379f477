// What goes wrong in the demo, one thing at a time, and how each is mended.

/**
 * @param machines of machines.mjs
 * @param services gives an order to the services: (order, value)
 * @param snapcom runs the tool against the first machine
 */
export function troublesOf({ machines, services, snapcom }) {
  const daemon = (name, signal, text) => ({
    text,
    begin: () => machines.endDaemon(name, signal),
    end: () => machines.startDaemon(name),
  });
  const link = (name, how, text) => ({
    text,
    begin: () => machines.cable(name)[how](),
    end: () => machines.cable(name).mend(),
  });
  const service = (name, text) => ({
    text,
    begin: () => services('leave', name),
    end: () => services('join', name),
  });
  const disk = ['mail', 'disk', 'nearly-full'];
  return [
    link('web2–web3', 'cut', 'the link web2 – web3 between the data centres is cut'),
    {
      text: 'the disk of mail1 fills up: a flag is raised',
      begin: () => snapcom('flag', 'up', ...disk, '93 % of /var/mail are in use', '--priority=60', '--server=mail1'),
      end: () => snapcom('flag', 'down', ...disk, '--server=mail1'),
    },
    daemon('media1', 'SIGKILL', 'media1 loses its power'),
    service('billing@db1', 'billing, which runs nowhere else, goes away'),
    link('web1–db1', 'silence', 'the link web1 – db1 falls silent'),
    {
      text: 'resize gets stuck, and raises a flag itself once it is behind',
      begin: () => services('stuck', true),
      end: () => services('stuck', false),
    },
    daemon('mail1', 'SIGTERM', 'mail1 is stopped in order'),
    service('search@web2', 'one of the two searches goes away'),
    link('db1–db2', 'silence', 'the link db1 – db2 between the data centres falls silent'),
    daemon('web3', 'SIGKILL', 'web3 loses its power'),
  ];
}
