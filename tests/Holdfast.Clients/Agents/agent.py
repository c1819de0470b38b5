"""Drives Paho by lines of JSON: commands on standard input, answers and received messages on standard output."""
import base64
import json
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

output = threading.Lock()
waiting = {}
early = set()
bookkeeping = threading.Lock()
client = None


def say(line):
    with output:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


def answer_when(kind, identifier, number):
    """Answers a command when Paho reports its packet, which may be before the identifier is known here."""
    with bookkeeping:
        if (kind, identifier) in early:
            early.remove((kind, identifier))
        else:
            waiting[(kind, identifier)] = number
            return
    say({"done": number})


def reported(kind, identifier):
    with bookkeeping:
        number = waiting.pop((kind, identifier), None)
        if number is None:
            early.add((kind, identifier))
            return
    say({"done": number})


def connect(command):
    global client
    version = command["version"]
    clean = command["clean"]
    transport = "websockets" if command["isWebSocket"] else "tcp"
    if version == 5:
        client = mqtt.Client(client_id=command["clientId"], protocol=mqtt.MQTTv5, transport=transport)
    else:
        client = mqtt.Client(client_id=command["clientId"], protocol=mqtt.MQTTv311, clean_session=clean, transport=transport)
    if command["isTls"]:
        client.tls_set(command["certificateFile"])
    will = command.get("will")
    if will:
        client.will_set(will["topic"], base64.b64decode(will["payload"]), will["qos"], will["retain"])
    first = threading.Event()

    def on_connect(_client, _userdata, _flags, result, _properties=None):
        failed = result.is_failure if hasattr(result, "is_failure") else getattr(result, "value", result) != 0
        if not first.is_set():
            first.set()
            say({"done": command["number"], "problem": str(result)} if failed else {"done": command["number"]})

    def on_message(_client, _userdata, message):
        payload = base64.b64encode(message.payload).decode()
        say({"topic": message.topic, "payload": payload, "qos": message.qos, "retain": bool(message.retain)})

    client.on_connect = on_connect
    client.on_message = on_message
    client.on_publish = lambda _client, _userdata, identifier: reported("publish", identifier)
    client.on_subscribe = lambda _client, _userdata, identifier, *_rest: reported("subscribe", identifier)
    client.reconnect_delay_set(1, 1)
    options = {}
    if version == 5:
        options["clean_start"] = clean
        if not clean:
            options["properties"] = Properties(PacketTypes.CONNECT)
            options["properties"].SessionExpiryInterval = 3600
    client.connect("localhost", command["port"], 60, **options)
    client.loop_start()


def subscribe(command):
    _, identifier = client.subscribe(command["filter"], command["qos"])
    answer_when("subscribe", identifier, command["number"])


def publish(command):
    info = client.publish(command["topic"], base64.b64decode(command["payload"]), command["qos"], command["retain"])
    answer_when("publish", info.mid, command["number"])


def disconnect(command):
    client.disconnect()
    client.loop_stop()
    say({"done": command["number"]})


for line in sys.stdin:
    request = json.loads(line)
    try:
        globals()[request["operation"]](request)
    except Exception as error:  # whatever it is, the test must hear of it
        say({"done": request["number"], "problem": repr(error)})
