"""A mail server that keeps nothing: it prints its port, and then each message that it gets as a line of JSON."""
import asyncio
import email
import email.policy
import json
import sys

from aiosmtpd.smtp import SMTP


class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = email.message_from_bytes(envelope.content, policy=email.policy.default)
        text = message.get_body(preferencelist=("plain",))
        print(json.dumps({
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "headers": [[name, str(value)] for name, value in message.items()],
            "text": text.get_content() if text else "",
        }), flush=True)
        return "250 taken"


async def main():
    loop = asyncio.get_running_loop()
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    server = await loop.create_server(lambda: SMTP(Handler()), "127.0.0.1", port)
    print(server.sockets[0].getsockname()[1], flush=True)

    # It ends with the test that started it, however that ends.
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


asyncio.run(main())
