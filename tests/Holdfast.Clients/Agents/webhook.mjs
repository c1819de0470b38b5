// Receives webhooks, and says of each as a line of JSON what the libraries standardwebhooks and cloudevents make of it.
import http from 'node:http';
import { Webhook } from 'standardwebhooks';
import { HTTP } from 'cloudevents';

const secrets = process.argv.slice(2);
const say = (line) => process.stdout.write(JSON.stringify(line) + '\n');

const verifies = (secret, body, headers) => {
  try {
    new Webhook(secret).verify(body, headers);
    return true;
  } catch {
    return false;
  }
};

const parse = (body, headers) => {
  try {
    const parsed = HTTP.toEvent({ headers, body });
    return (Array.isArray(parsed) ? parsed : [parsed]).map((event) => ({ isValid: event.validate(), event: event.toJSON() }));
  } catch (error) {
    return String(error);
  }
};

const server = http.createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    const body = Buffer.concat(chunks).toString();
    say({
      verified: secrets.map((secret) => verifies(secret, body, request.headers)),
      tampered: secrets.map((secret) => verifies(secret, body + ' ', request.headers)),
      events: request.headers['content-type'].includes('cloudevents') ? parse(body, request.headers) : null,
    });
    response.end();
  });
});
server.listen(0, '127.0.0.1', () => say({ port: server.address().port }));
