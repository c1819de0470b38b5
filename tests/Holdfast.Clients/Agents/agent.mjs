// Drives mqtt.js by lines of JSON: commands on standard input, answers and received messages on standard output.
import mqtt from 'mqtt';
import fs from 'node:fs';
import readline from 'node:readline';

let client;
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const connect = ({ port, isTls, isWebSocket, certificateFile, version, clientId, clean, will }) => new Promise((resolve, reject) => {
  client = mqtt.connect({
    host: 'localhost',
    port,
    protocol: isWebSocket ? (isTls ? 'wss' : 'ws') : (isTls ? 'mqtts' : 'mqtt'),
    path: isWebSocket ? '/mqtt' : undefined,
    ca: isTls ? fs.readFileSync(certificateFile) : undefined,
    protocolVersion: version,
    clientId,
    clean,
    reconnectPeriod: 200,
    resubscribe: false,
    properties: version === 5 && !clean ? { sessionExpiryInterval: 3600 } : undefined,
    will: will ? { ...will, payload: Buffer.from(will.payload, 'base64') } : undefined,
  });
  client.on('message', (topic, payload, packet) =>
    say({ topic, payload: payload.toString('base64'), qos: packet.qos, retain: packet.retain }));
  client.once('connect', () => resolve());
  client.once('error', reject);
  client.on('error', (error) => process.stderr.write(`${error}\n`));
});

const handlers = {
  connect,
  subscribe: ({ filter, qos }) => client.subscribeAsync(filter, { qos }),
  publish: ({ topic, payload, qos, retain }) => client.publishAsync(topic, Buffer.from(payload, 'base64'), { qos, retain }),
  disconnect: () => client.endAsync(),
};

for await (const line of readline.createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  handlers[command.operation](command).then(
    () => say({ done: command.number }),
    (error) => say({ done: command.number, problem: String(error) }));
}

process.exit(0);
