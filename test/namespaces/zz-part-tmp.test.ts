import { appendFileSync } from 'node:fs';
import { connect } from 'snapcommunicator';
import { it } from 'vitest';
import { Cluster, stopClusters } from '../support/namespaces/cluster.ts';
import { Traffic } from '../support/traffic.ts';
import { MESH } from './topologies.ts';

const say = (text: string) => appendFileSync('/tmp/part.log', text + '\n');
it.each(Array.from({ length: 22 }, (_, i) => i))(
  '%s',
  async (round) => {
    const cluster = await Cluster.start(MESH);
    const plans = [
      ['n1', 'n3', ''],
      ['n2', 'n4', ''],
      ['n1', 'n2', ''],
      ['n4', 'n2', 'transmission_report=failure'],
      ['n3', 'n1', ''],
    ];
    const traffic: Traffic[] = [];
    for (const [i, [from, to, parameters]] of plans.entries())
      traffic.push(
        await Traffic.start({
          from: cluster.addressOf(from!),
          to: cluster.addressOf(to!),
          name: `flow_${i}`,
          perSecond: 300,
          ...(parameters && { parameters }),
        }),
      );
    const lost = async (a: string, b: string) => {
      for (;;) {
        const g = await cluster.graph(a);
        if (!g.servers.some((s) => s.name === b && s.isReachable)) return;
        await new Promise((r) => setTimeout(r, 20));
      }
    };
    for (const each of traffic) await each.more(100);
    cluster.network.cut(['n1', 'n2'], ['n3', 'n4']);
    await lost('n1', 'n3');
    await lost('n4', 'n2');
    await lost('n2', 'n4');
    cluster.network.mend();
    await cluster.untilLinked();
    for (const each of traffic) await each.more(100);
    const outcomes = [];
    for (const each of traffic) outcomes.push(await each.finish());
    const bad = outcomes.some((o) => o.lost.length + o.doubled.length + o.late.length > 0);
    say(`${round} ${bad ? 'BAD ' + JSON.stringify(outcomes) : 'ok'}`);
    if (bad) {
      for (const name of ['n1', 'n2', 'n3', 'n4']) {
        const bus = await connect({ address: `sc://${cluster.addressOf(name)}` });
        const r = await bus.request('communicatord', 'DAEMON_STATUS');
        say(name + ' ' + JSON.stringify(r.parameters));
        await bus.close();
      }
      say(cluster.logs());
    }
    await cluster.stop();
    await stopClusters();
  },
  120000,
);
